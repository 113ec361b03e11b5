"""Which variables of a container lead to the environment's databases and AWS resources, and what leads to a test's own.

Pure. What a variable means is known from its value: an address, or a name beside one. Nothing is guessed where two
things could be meant; then a test has to name the variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import quote

from devenv.databases.address import Address
from devenv.errors import UsageError

_NAME_WORDS = {"DB", "DBNAME", "DATABASE", "PGDATABASE", "SCHEMA"}
_LAST_WORDS = {*_NAME_WORDS, "NAME"}
"""Words by which a variable says that it holds a database's name: DATABASE_NAME, DB_NAME, PGDATABASE, POSTGRES_DB."""
_KEYWORDS = r"(?P<key>\b(?:dbname|database|db)=)"
_URL = re.compile(r"[a-z][a-z0-9+.:-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A database of the environment, as pods reach it, and the one that a test has in its place."""

    stack: str
    live: Address
    own: Address | None = None
    """None for one that the test has no other for."""

    def host(self, namespace: str) -> re.Pattern[str]:
        """What the live one's host is called by pods of a namespace."""
        service, _, where = self.live.host.partition(".")
        full = rf"{re.escape(service)}\.{re.escape(where)}(?:\.svc(?:\.cluster\.local)?)?"
        short = rf"|{re.escape(service)}" if where == namespace else ""
        return re.compile(rf"(?<![\w.-])(?:{full}{short})(?![\w-]|\.\w)")


def point(
    variables: Mapping[str, str], targets: Sequence[Target], resources: Mapping[str, str], namespace: str
) -> dict[str, str]:
    """The variables of a container that have to change, with their new values.

    Args:
        variables: all of them.
        targets: every database of the environment, also those that stay: names of theirs are no others'.
        resources: names of AWS resources to the test's own.
        namespace: the container's.

    Raises:
        UsageError: a variable may be meant for either of two databases.
    """
    found = {}
    for name, value in variables.items():
        changed = value
        for target in targets:
            if target.own and target.host(namespace).search(value):
                changed = _in_address(changed, target, target.own, namespace)
            elif target.own and target.live.password != target.own.password and value == target.live.password:
                changed = target.own.password
        meant = _named(name, variables, targets, namespace) if changed == value else None
        if meant and meant.own:
            changed = meant.own.name
        changed = _with_resources(changed, resources)
        if changed != value:
            found[name] = changed
    return found


def leads_to(value: str, own: Address) -> bool:
    """Whether a value names a test's own database."""
    return re.search(rf"(?<![\w-]){re.escape(own.name)}(?![\w-])", value) is not None


def _in_address(text: str, target: Target, own: Address, namespace: str) -> str:
    """A text that has the live database's host in it, with all else of the test's own in its place."""
    live, host = target.live, target.host(namespace)
    logins = [(f"{live.user}:{live.password}", f"{own.user}:{own.password}")]
    logins.append((_quoted(live), _quoted(own)))
    for before, after in logins:
        text = text.replace(f"//{before}@", f"//{after}@")
    # `tcp(host:port)/name` is how Go's driver of MySQL writes it.
    path = re.compile(rf"(?P<head>{host.pattern}(?::\d+)?\)?/){re.escape(live.name)}(?![\w-])")
    text = path.sub(lambda match: f"{match['head']}{own.name}", text)
    text = re.sub(rf"{_KEYWORDS}{re.escape(live.name)}(?![\w-])", lambda match: f"{match['key']}{own.name}", text)
    if (own.host, own.port) != (live.host, live.port):
        text = re.sub(rf"{host.pattern}(?::\d+)?", f"{own.host}:{own.port}", text)
    return text


def _quoted(address: Address) -> str:
    return f"{quote(address.user, safe='')}:{quote(address.password, safe='')}"


def _named(name: str, variables: Mapping[str, str], targets: Sequence[Target], namespace: str) -> Target | None:
    """The database whose name a variable holds, if any: that whose host stands in the variable most like it."""
    words = re.split(r"[_.-]", name.upper())
    if not _NAME_WORDS & set(words) or words[-1] not in _LAST_WORDS:
        return None
    near = sorted(_nearness(name, variables, targets, namespace), key=lambda pair: -pair[0])
    meant = [target for closeness, target in near if closeness == near[0][0] and target.live.name == variables[name]]
    if len(meant) > 1 and any(target.own for target in meant):
        stacks = " or ".join(target.stack for target in meant)
        raise UsageError(
            f"the variable {name} may hold the name of database {stacks}",
            hint=f'say which it is: environment={{"{name}": …}}',
        )
    return meant[0] if meant else None


def _nearness(
    name: str, variables: Mapping[str, str], targets: Sequence[Target], namespace: str
) -> Iterator[tuple[int, Target]]:
    """Each database that the container knows the host of, with how much of the variable's name that one's shares."""
    for target in targets:
        host = target.host(namespace)
        shared = [_shared(name, other) for other, value in variables.items() if host.search(value)]
        if shared:
            yield max(shared), target


def _shared(one: str, other: str) -> int:
    """How many letters two words begin with together."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _with_resources(value: str, resources: Mapping[str, str]) -> str:
    """A name of an AWS resource, or a URL or ARN that ends in one, with the test's own."""
    for live, own in resources.items():
        if value == live:
            return own
        if re.search(rf"(?:^arn:|{_URL.pattern}).*[:/]{re.escape(live)}$", value):
            return f"{value.removesuffix(live)}{own}"
    return value
