"""The parts of a service of Compose, each as devenv.yaml has it."""
