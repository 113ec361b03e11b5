"""Tasks of devenv.yaml: what they read, when they ran last, and how they are run on this machine."""
