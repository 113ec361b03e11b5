"""Names of stacks, as somebody typed them."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.errors import UsageError
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import Workspace


def require_stacks(workspace: Workspace, names: Iterable[str]) -> None:
    """Raise UsageError where a name is none of the stacks that a project uses."""
    for name in names:
        if name not in workspace.selected:
            hint = name_hint(name, workspace.selected, "stacks")
            raise UsageError(f"{name} is no stack of this project", hint=hint)
