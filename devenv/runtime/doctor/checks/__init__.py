"""Checks, one module for each part of the machine: its kinds of findings, what it reads, and what it makes of that."""
