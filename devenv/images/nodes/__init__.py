"""What a node's containerd holds, and the programs that devenv runs beside it."""
