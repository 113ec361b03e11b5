"""The cluster's API server, and kubectl."""
