"""How images are brought into the engine: pulled, built, or made from the distribution's packages."""
