"""Asking the user: before something of theirs is lost, and once in a project before its commands are run here."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.errors import DataLossError, HostCommandError
from devenv.plan.plan import Plan
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


def agree_to_losses(plan: Plan, session: Session, *, assume_yes: bool, hint: str) -> None:
    """See that what a plan would lose of the user's may be lost; `hint` is for who does not agree.

    Raises:
        DataLossError: nobody agreed.
    """
    if not plan.losses or assume_yes:
        return
    named = "; ".join(plan.losses)
    if not session.confirm(f"This would be lost: {named}. Go on?"):
        raise DataLossError(
            f"nothing was changed: to lose {named} takes your consent",
            context={"cause": "; ".join(f"{s.title}: {s.reason}" for s in plan.as_event().steps if s.loses)},
            hint=hint,
        )
