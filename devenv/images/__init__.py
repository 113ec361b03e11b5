"""What an image is, where it comes from, how it is built, how it gets into the nodes."""
