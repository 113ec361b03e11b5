"""How the engine is had to push an image to devenv, layer by layer."""
