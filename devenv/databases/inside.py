"""Programs in a database's container: the engine's own client knows best what a script means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devenv.adapters.process import Completed

Execute = Callable[[Sequence[str], bytes], Completed]
"""Runs a program in the server's container with this standard input; what comes back has its exit status."""
