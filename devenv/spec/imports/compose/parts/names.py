"""Names that the services of a Compose file are reached by, and what texts say of them. Pure.

Compose takes names that no Service of Kubernetes has: with underscores, dots, capitals. Such a service gets another
name, and texts that speak of it as a host get that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST = 40


def service_name(name: str) -> str:
    """The name that a service has here; its own wherever that can be."""
    made = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
    if not made[:1].isalpha():
        made = f"s-{made}".strip("-")
    return made[:_LONGEST].strip("-")


def is_label(name: str) -> bool:
    """Whether a Service can have the name."""
    return _LABEL.fullmatch(name) is not None


def mentioned_ports(name: str, texts: Iterable[str]) -> list[int]:
    """The ports at which texts speak of a host: 8000 in `http://api:8000/v1`."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}:([0-9]{{2,5}})(?![\w.-])")
    found = (int(match[1]) for text in texts for match in pattern.finditer(text))
    return list(dict.fromkeys(port for port in found if port < 2**16))


def is_mentioned(name: str, texts: Iterable[str]) -> bool:
    """Whether texts speak of a host: with a port, as a part of a URL, or as a whole."""
    pattern = _host(name)
    return any(text == name or pattern.search(text) for text in texts)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A text that speaks of hosts by their other names."""
    for name, other in names.items():
        text = other if text == name else _host(name).sub(other, text)
    return text


def _host(name: str) -> re.Pattern[str]:
    """A name before a port, or after `//` or `@`."""
    word = re.escape(name)
    return re.compile(rf"(?:(?<=//)|(?<=@)){word}(?![\w.-])|(?<![\w.-]){word}(?=:[0-9])")
