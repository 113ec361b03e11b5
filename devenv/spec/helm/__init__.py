"""What Helm and its companions take in values beside YAML: `--set` and Go templates. Pure."""
