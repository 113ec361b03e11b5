"""All checks there are, and all kinds of findings: what `devenv doctor` runs, and docs/doctor.md describes."""

from __future__ import annotations

from typing import Any

from devenv.runtime.doctor.check import Check
from devenv.runtime.doctor.checks import (
    certificates,
    clock,
    cluster,
    engine,
    files,
    leftovers,
    limits,
    names,
    networks,
    platform,
    ports,
    registries,
    room,
    specification,
    tools,
    trust,
)
from devenv.runtime.doctor.examine import NO_ANSWER
from devenv.runtime.doctor.finding import Kind

MACHINE: tuple[tuple[str, Check[Any]], ...] = (
    ("The specification", specification.CHECK),
    ("The engine", engine.CHECK),
    ("Room", room.CHECK),
    ("Limits of the kernel", limits.CHECK),
    ("Ports", ports.CHECK),
    ("Networks", networks.CHECK),
    ("Names", names.CHECK),
    ("Certificates and proxies", trust.CHECK),
    ("Registries", registries.CHECK),
    ("Clocks", clock.CHECK),
    ("File systems", files.CHECK),
    ("Programs", tools.CHECK),
    ("Kinds of machines", platform.CHECK),
    ("Leftovers", leftovers.CHECK),
)
"""By the part of the machine."""
RUNNING: tuple[tuple[str, Check[Any]], ...] = (
    ("The running environment", cluster.CHECK),
    ("Its certificates", certificates.CHECK),
)
CHECKS: tuple[Check[Any], ...] = tuple(check for _, check in (*MACHINE, *RUNNING))
BEFORE_UP: tuple[Check[Any], ...] = tuple(check for check in CHECKS if check.before_up)
KINDS: tuple[Kind, ...] = (*(kind for check in CHECKS for kind in check.kinds), NO_ANSWER)
