"""Redis: states are kept as serialized keys in a logical database of the server, and put in place by SWAPDB."""
