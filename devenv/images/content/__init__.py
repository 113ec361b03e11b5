"""What an image is made from: the files of a context as its builder takes them, and all of it as one hash."""
