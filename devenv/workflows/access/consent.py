"""Asking the user before commands of this machine are run that a project names: once in a project."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.errors import HostCommandError
from devenv.runtime.agreed_commands import agree, not_agreed
from devenv.runtime.environment import Environment
from devenv.workflows.access.session import Session


def agree_to_commands(
    environment: Environment, commands: Iterable[str], session: Session, *, assume_yes: bool, again: str = "devenv up"
) -> None:
    """See that the user agrees to commands, of which those are asked for that are new; raises HostCommandError."""
    new = not_agreed(environment.state, dict.fromkeys(commands))
    if not new:
        return
    listed = "".join(f"\n  {command}" for command in new)
    question = f"The project has commands run on this machine:{listed}\nRun them?"
    if not assume_yes and not session.confirm(question):
        raise HostCommandError(
            "nothing was changed: commands on this machine take your consent, once in a project",
            context={"commands": "; ".join(new)},
            hint=f"devenv up --plan shows them; agree: {again} --yes",
        )
    agree(environment.state, new)
