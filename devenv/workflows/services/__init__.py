"""Living with what runs: a shell in it, a way to its ports, one more of it for a command."""
