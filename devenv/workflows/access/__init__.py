"""Who may change what: the engine, the lock, the claim on a cluster."""
