"""Commands of this machine that belong to a project's environment: what is written of them, and what may be wrong."""
