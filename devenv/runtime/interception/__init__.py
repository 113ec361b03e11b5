"""A service for which a process of this machine answers: its ports, its pod meanwhile, its variables here. Pure."""
