"""Saved files straight into running containers, from their nodes."""
