"""Which variables of a container lead to the environment's databases and AWS resources, and what leads to a test's own.

Pure. What a variable means is known from its value: an address, or a name beside one. Nothing is guessed where two
things could be meant; then a test has to name the variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter
from urllib.parse import quote

from devenv.databases.address import Address
from devenv.errors import UsageError

_NAME_WORDS = {"DB", "DBNAME", "DATABASE", "PGDATABASE", "SCHEMA"}
_LAST_WORDS = {*_NAME_WORDS, "NAME"}
"""Words by which a variable says that it holds a database's name: DATABASE_NAME, DB_NAME, PGDATABASE, POSTGRES_DB."""
_USER_WORDS = {"USER", "USERNAME", "LOGIN", "PGUSER"}
_REDIS_DEFAULT = "0"
"""The logical database of a URL without one."""
_URL = re.compile(r"[a-z][a-z0-9+.:-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A database of the environment, as pods reach it, and the one that a test has in its place."""

    stack: str
    live: Address
    own: Address | None = None
    """None for one that the test has no other for."""
    required: bool = True
    """Whether the service is known to use it; else it is no mistake where nothing of the service's leads there."""

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
        if changed == value and (part := _part_of(name)):
            meant = _meant(name, part, variables, targets, namespace)
            changed = part(meant.own) if meant and meant.own else value
        changed = _with_resources(changed, resources)
        if changed != value:
            found[name] = changed
    return found


def leads_to(value: str, target: Target, own: Address) -> bool:
    """Whether a value names a test's own database: by its name, or by its user where it is told by that alone."""
    word = own.user if own.user != target.live.user else own.name
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", value) is not None


def _in_address(text: str, target: Target, own: Address, namespace: str) -> str:
    """A text that has the live database's host in it, with all else of the test's own in its place."""
    live, host = target.live, rf"{target.host(namespace).pattern}(?::\d+)?"
    text = text.replace(f"{live.user}:{live.password}@", f"{own.user}:{own.password}@")
    text = text.replace(f"{_quoted(live)}@", f"{_quoted(own)}@")
    # `tcp(host:port)/name` is how Go's driver of MySQL writes it.
    text = re.sub(rf"(?P<head>{host}\)?/){re.escape(live.name)}(?![\w-])", rf"\g<head>{own.name}", text)
    if live.name == _REDIS_DEFAULT:
        text = re.sub(rf"(?P<head>rediss?://[^/\s]*{host})/?(?=$|\?)", rf"\g<head>/{own.name}", text)
    for words, before, after in (("dbname|database|db", live.name, own.name), ("user", live.user, own.user)):
        text = re.sub(rf"(?P<key>\b(?:{words})=){re.escape(before)}(?![\w-])", rf"\g<key>{after}", text)
    return text


def _quoted(address: Address) -> str:
    return f"{quote(address.user, safe='')}:{quote(address.password, safe='')}"


def _part_of(variable: str) -> Callable[[Address], str] | None:
    """What of a database a variable holds, by its own name; None where that does not say."""
    words = re.split(r"[_.-]", variable.upper())
    if words[-1] in _USER_WORDS:
        return attrgetter("user")
    return attrgetter("name") if _NAME_WORDS & set(words) and words[-1] in _LAST_WORDS else None


def _meant(
    name: str,
    part: Callable[[Address], str],
    variables: Mapping[str, str],
    targets: Sequence[Target],
    namespace: str,
) -> Target | None:
    """The database of which a variable holds a part, if any: that whose host stands in the variable most like it."""
    near = sorted(_nearness(name, variables, targets, namespace), key=lambda pair: -pair[0])
    meant = [target for closeness, target in near if closeness == near[0][0] and part(target.live) == variables[name]]
    # Where the test's own has the same, nothing has to be decided.
    if len(meant) > 1 and any(target.own and part(target.own) != variables[name] for target in meant):
        stacks = " or ".join(target.stack for target in meant)
        raise UsageError(
            f"the variable {name} may be of database {stacks}",
            hint=f'say what it shall be: environment={{"{name}": …}}',
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
