"""What Kubernetes says of its own kinds: their schemas by version, and since when and until when there are which."""
