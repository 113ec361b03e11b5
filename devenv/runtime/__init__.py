"""The present state as data, and plans brought about: observe, run, steps, diagnosis."""
