"""devenv: the whole Kubernetes environment of a product on one machine, with one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.testing.environment import Environment

__all__ = ["Environment", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The Python API, imported when it is first asked for: commands need nothing of it."""
    if name == "Environment":
        from devenv.testing.environment import Environment  # noqa: PLC0415

        return Environment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
