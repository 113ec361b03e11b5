"""Formats that images travel in."""
