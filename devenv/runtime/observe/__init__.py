"""What is there now, as plain data for the planner: engine, cluster, stacks, and what they are made of."""
