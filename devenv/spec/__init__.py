"""What is written: devenv.yaml, stack.yaml and the catalogue of versions, as frozen models with positions."""
