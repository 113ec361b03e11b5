"""`stack_sources` of devenv.yaml: stacks that others keep, in a folder, a Git repository or a registry."""
