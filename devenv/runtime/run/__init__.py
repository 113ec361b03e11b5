"""Plans executed: the scheduler, which knows no Kubernetes, and the way from a step to what does it."""
