"""What every image is, which reference of it is used, and which the engine has."""
