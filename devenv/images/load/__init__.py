"""How images come from the engine into every node."""
