"""Vocabulary that all specification files share: the strict base model, names, durations, value paths."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,6})h)?(?:(?P<m>[0-9]{1,6})m)?(?:(?P<s>[0-9]{1,6})s)?")
_LONGEST = timedelta(days=7)


class SpecModel(BaseModel):
    """A frozen model that refuses unknown keys."""

    # Every command imports every model: each is made ready when it is needed.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class TolerantModel(BaseModel):
    """A frozen model that passes over what it does not know: others define the format."""

    model_config = ConfigDict(frozen=True, defer_build=True)


def parse_duration(text: Any) -> Any:
    """`90s`, `5m`, `1h30m` as a timedelta; anything else is refused by name."""
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or not text:
        raise ValueError("a duration such as 90s, 5m or 1h30m is expected")
    parts = {unit: int(amount) for unit, amount in match.groupdict(default="0").items()}
    duration = timedelta(hours=parts["h"], minutes=parts["m"], seconds=parts["s"])
    if not timedelta() < duration <= _LONGEST:
        raise ValueError("a duration above 0s and up to 7 days (168h) is expected")
    return duration


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(lambda d: f"{int(d.total_seconds())}s", return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(?=[0-9])([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$",
            "examples": ["90s", "5m", "1h30m"],
        }
    ),
]


def _as_text(value: Any) -> Any:
    """Numbers and booleans as JSON writes them: 30 is "30", true is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, Field(min_length=1)]
WrittenText = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int | float | bool)]
"""A text that may be written as a number or as true and false."""
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
BuiltinProfile = Literal["dev", "staging", "prod"]
PROFILES: tuple[BuiltinProfile, ...] = ("dev", "staging", "prod")
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$")]
DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A name that Kubernetes, Docker and DNS accept (RFC 1123 label)."""
NamespaceName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|\{namespace_prefix\}(-[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?)?)$"
    ),
]
"""A namespace; one that begins with the placeholder has room for a prefix of 30 characters."""
LayerName = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
ValuePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w-]*(\.[\w-]*[A-Za-z_][\w-]*)*$")]
"""Dotted path of keys in chart values: `image.repository`. A number would be a place in a list, which has no keys."""
Pairs = tuple[tuple[str, str], ...]
"""A mapping as a value that cannot change."""
_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?"
RegistryHost = Annotated[str, StringConstraints(pattern=rf"^{_HOST}$")]
"""A registry as references of images name it: `docker.io`, `registry.example:5000`."""
RegistryPath = Annotated[str, StringConstraints(pattern=rf"^{_HOST}(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$")]
"""A registry, and the folder below which it has another's images: `mirror.example/dockerhub`."""
Values = dict[str, Any]
