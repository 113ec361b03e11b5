"""What makes manifests: Helm, with charts made complete for it, and kustomize."""
