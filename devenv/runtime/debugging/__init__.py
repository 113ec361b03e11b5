"""A workload under a debugger: which one, how its pods are changed for it, and how an editor attaches. Pure."""
