"""The container engine as a program of this host: its socket, its daemon, its installation."""
