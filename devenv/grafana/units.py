"""Perses's units as Grafana's.

Of `@perses-dev/core` 0.52 (model/units) and Grafana's list, packages/grafana-data/src/valueFormats/categories.ts. What
Grafana has no unit for gets one of its own making, `si:…`, which shortens numbers as its own do.
"""

from __future__ import annotations

_UNITS = {
    "bytes": "bytes",  # of 1024, in both
    "bytes/sec": "binBps",
    "decbytes": "decbytes",
    "messages/sec": "si:messages/s",
    "milliseconds": "ms",
    "minutes": "m",
    "hours": "h",
    "days": "d",
    "ops/sec": "ops",
    "percent": "percent",
    "percent-decimal": "percentunit",
    "requests/sec": "reqps",
    "rows/sec": "si:rows/s",
    "seconds": "s",
}
_PLAIN = "decimal"


def unit_of(unit: str, *, is_short: bool) -> str:
    """Grafana's unit for one of Perses; a plain number is shortened (12 K) where Perses's is. Raises ValueError."""
    if unit == _PLAIN:
        return "short" if is_short else "none"
    try:
        return _UNITS[unit]
    except KeyError:
        raise ValueError(f"Grafana's unit for {unit} is not known: devenv/grafana/units.py") from None
