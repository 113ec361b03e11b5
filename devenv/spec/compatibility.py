"""`compatibility.yaml`: which versions of stacks go together.

Versions and their ranges are those of Python's packaging (https://packaging.python.org/specifications/version-specifiers/),
which reads the versions of programs too: `v3.6.12`, `15`, `26.9.0`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from devenv.spec.model import DnsLabel, SpecModel, Text

KUBERNETES = "kubernetes"
"""What stands for the cluster's own version where a stack's name is expected."""


def _a_range(text: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 (few projects have such a file)

    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError("no range of versions: one is written as >=15,<18 or ==3.6.*") from error
    return text


VersionRange = Annotated[Text, AfterValidator(_a_range)]
"""`>=15,<18`."""


class CompatibilityRule(SpecModel):
    """What a stack goes with."""

    stack: DnsLabel
    versions: VersionRange | None = None
    """Of the stack; all when unset."""
    goes_with: dict[DnsLabel, VersionRange] = Field(min_length=1)
    """By other stacks, or `kubernetes`: their versions. Says nothing of stacks that the project does not have."""
    because: Text | None = None
    """Why, for people."""


class Compatibility(SpecModel):
    """The file."""

    rules: tuple[CompatibilityRule, ...] = ()


def is_within(version: str, wanted: str | None) -> bool:
    """Whether a version is in a range, or the range is not said; raises ValueError for what is no version."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return wanted is None or Version(version) in SpecifierSet(wanted, prereleases=True)
    except InvalidVersion as error:
        raise ValueError(f"{version} is no version") from error
