"""Sinks of the event stream: live tree, plain lines, JSON lines, log and trace files."""
