"""One adapter per external program; nothing here decides what should happen."""
