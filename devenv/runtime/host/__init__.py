"""What a run needs of the host: room, a fit engine, free ports."""
