"""Checks of what stacks' files hold, which stop what would install them. Asked by those who do, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from devenv.errors import Problem
from devenv.spec.checks.dashboard_files import dashboard_problems
from devenv.spec.checks.grafana_files import grafana_problems
from devenv.spec.checks.migration_files import migration_problems
from devenv.spec.checks.monitoring_objects import is_promql_asked, written_problems
from devenv.spec.checks.value_files import value_file_problems
from devenv.spec.read.problems import require_none
from devenv.spec.workspace import LoadedStack


def require_sound_contents(stacks: Iterable[LoadedStack]) -> None:
    """Raise SpecError with everything that is wrong with what content_problems looks at."""
    require_none(content_problems(list(stacks)))


def content_problems(stacks: Sequence[LoadedStack]) -> Iterator[Problem]:
    """What is wrong with migrations, seeds, folders for pods, dashboards, rules and monitors of stacks."""
    promql = is_promql_asked(stacks)
    for stack in stacks:
        yield from migration_problems(stack)
        yield from value_file_problems(stack)
        # Those of devenv's own have tests.
        yield from () if stack.builtin else written_problems(stack, promql=promql)
    yield from dashboard_problems(stacks, promql=promql)
    yield from grafana_problems(stacks)
