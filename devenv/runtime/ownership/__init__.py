"""Whose a cluster is, as its containers tell it, and how this project reaches it."""
