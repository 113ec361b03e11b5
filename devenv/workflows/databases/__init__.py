"""The databases of an environment that runs."""
