"""Observing the present state, scheduling steps, executing them."""
