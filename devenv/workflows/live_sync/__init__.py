"""Live sync of `devenv dev`: what is saved goes into running containers, and the image follows."""
