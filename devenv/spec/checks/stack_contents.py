"""Checks of what stacks' files hold, which stop what would install them. Asked by those who do, and no others."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.errors import SpecError
from devenv.spec.checks.dashboard_files import dashboard_problems
from devenv.spec.checks.migration_files import migration_problems
from devenv.spec.workspace import LoadedStack


def require_sound_contents(stacks: Iterable[LoadedStack]) -> None:
    """Raise SpecError with everything that is wrong with migrations, seeds, folders for pods and dashboards."""
    stacks = list(stacks)
    problems = {problem for stack in stacks for problem in migration_problems(stack)} | set(dashboard_problems(stacks))
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: (str(problem.file), problem.line, problem.key)))
