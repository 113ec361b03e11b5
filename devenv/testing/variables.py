"""A set of databases, and an AWS account, as variables of a process's environment: for tests in any language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from devenv.errors import UsageError
from devenv.spec.read.wording import name_hint
from devenv.spec.stack import DatabaseEngine
from devenv.testing.environment import Environment
from devenv.workflows.variables import DATABASE_URL, url_variable, usual_database


@contextmanager
def sets(environment: Environment, count: int, *, database: str = "", empty: bool = False) -> Iterator[dict[str, str]]:
    """Variables of so many sets: numbered from 1, and the first set without a number as well.

    Args:
        environment: what they are of.
        count: how many.
        database: the stack whose database DATABASE_URL is; the usual one when it is "".
        empty: have the databases as migrations find them.

    Raises:
        UsageError: there is no such database.
        DatabaseError: one cannot be had.
    """
    stacks = environment.databases
    main = main_database(stacks, database)
    with ExitStack() as stack:
        found: dict[str, str] = {}
        for number in range(1, count + 1):
            lent = {name: environment.own(engine, name, empty=empty) for name, engine in stacks.items()}
            urls = {url_variable(name): stack.enter_context(own).url for name, own in lent.items()}
            if main:
                urls[DATABASE_URL] = urls[url_variable(main)]
            if environment.has_aws:
                urls |= stack.enter_context(environment.aws()).variables
            if number == 1:
                found |= urls
            found |= {f"{name}_{number}": value for name, value in urls.items()}
        yield {**found, "DEVENV_WORKERS": str(count)}


def over(base: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """A process's environment with a set, and without anything that leads to an account of AWS itself."""
    return {**{name: value for name, value in base.items() if not name.startswith("AWS_")}, **own}


def main_database(stacks: Mapping[str, DatabaseEngine], wanted: str) -> str:
    """The stack of DATABASE_URL: the one that is asked for, or the usual one; empty where there is none."""
    if wanted and wanted not in stacks:
        raise UsageError(f"no database {wanted} can be had", hint=name_hint(wanted, stacks, "databases"))
    return wanted or usual_database(stacks)
