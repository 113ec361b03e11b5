"""Files in, models or problems out."""
