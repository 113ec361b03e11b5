"""YAML as devenv reads it: strict, within limits, every value with its place."""
