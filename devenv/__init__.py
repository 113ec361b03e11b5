"""devenv: the whole Kubernetes environment of a product on one machine, with one command."""

__version__ = "0.1.0"
