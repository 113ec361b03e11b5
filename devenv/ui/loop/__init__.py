"""The view of `devenv dev --view`: a program of its own that reads the loop's events as JSON lines."""
