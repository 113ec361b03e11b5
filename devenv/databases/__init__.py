"""One module per database engine."""
