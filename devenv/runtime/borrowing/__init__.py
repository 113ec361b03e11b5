"""A workload that a command changes for a while: what it says of that itself, how a program gets into its pod. Pure."""
