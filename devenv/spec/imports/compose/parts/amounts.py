"""Memory, processors and durations as Compose writes them. Pure."""

from __future__ import annotations

import math
import re

_BYTES = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h|d)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}


def mebibytes(text: str) -> int | None:
    """Memory such as `512M` or `1.5gb` in MiB, rounded up; None where it is none."""
    found = _BYTES.fullmatch(text.strip())
    if found is None:
        return None
    factor = 1024.0 ** ("kmgt".index(found[2].lower()) + 1 if found[2] else 0)
    return max(1, math.ceil(float(found[1]) * factor / 1024**2))


def processors(text: str) -> str | None:
    """Processors such as `0.5` as Kubernetes has them; None where they are none, and for 0, which limits nothing."""
    try:
        number = float(text)
    except ValueError:
        return None
    return f"{math.ceil(number * 1000)}m" if math.isfinite(number) and number > 0 else None


def seconds(text: str) -> float | None:
    """A duration such as `1m30s`; None where it is none."""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
