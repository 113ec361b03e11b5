"""The machine: what it is, what it has, whom it trusts."""
