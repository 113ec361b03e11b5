"""What writes a project, or parts of one, that were not there before."""
