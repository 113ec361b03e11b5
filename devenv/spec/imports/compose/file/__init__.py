"""What a Compose file is as text: variables, several files as one, and the shape that it must have."""
