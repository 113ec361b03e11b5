"""The commands as short lists of verbs: load, observe, plan, execute, report."""
