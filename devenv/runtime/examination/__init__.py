"""What stacks come to, examined without a cluster: rendered, judged, and traced back to what was written."""
