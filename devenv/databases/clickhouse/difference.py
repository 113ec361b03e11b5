"""What it takes to turn one database's state into another's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devenv.databases.clickhouse.objects import Kind, Object

_ORDER = tuple(Kind)
_TABLES = (Kind.PARTS, Kind.ROWS)


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to be done, in this order. Objects are those that are wanted, as defined for the target."""

    swap: tuple[Object, ...]
    """Tables that are there with other rows or another definition: all are replaced by one statement."""
    drop: tuple[Object, ...]
    """Objects that are there and not wanted so."""
    make: tuple[Object, ...]
    """Objects that are not there, or were dropped just now."""
    refill: tuple[tuple[Object, Object], ...]
    """Materialized views that keep their own rows: as there, as wanted."""


def difference(present: Mapping[str, Object], wanted: Mapping[str, Object]) -> Difference:
    """Compare two states; definitions in both must be for the same database."""
    swap, make, refill = [], [], []
    drop = [there for name, there in present.items() if name not in wanted]
    for name, want in wanted.items():
        there = present.get(name)
        if there is None:
            make.append(want)
        elif want.kind in _TABLES and there.kind in _TABLES:
            if want.definition != there.definition or not _same_rows(there, want):
                swap.append(want)
        elif want.definition != there.definition or want.kind != there.kind:
            drop.append(there)
            make.append(want)
        elif want.inner and want.fingerprint != there.fingerprint:
            refill.append((there, want))
    # Views go before what they read, and come after it.
    drop.sort(key=lambda item: _ORDER.index(item.kind), reverse=True)
    make.sort(key=lambda item: _ORDER.index(item.kind))
    return Difference(tuple(swap), tuple(drop), tuple(make), tuple(refill))


def _same_rows(there: Object, want: Object) -> bool:
    return want.kind is Kind.PARTS and there.kind is Kind.PARTS and there.fingerprint == want.fingerprint
