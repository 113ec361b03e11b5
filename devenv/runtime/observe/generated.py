"""What charts make up themselves (certificates, passwords), told apart from what the specification says.

Responsible for rendering the same bytes each time without a cluster. What is made up is found by rendering twice, so
that no chart has to be understood; what a chart takes from the clock is not found.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.json_objects import Json
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.observe.rendering import origin, rendered_offline
from devenv.runtime.observe.stack_files import chart_files
from devenv.runtime.toolbox import Toolbox

GENERATED = "(generated)"
"""Stands for a value that is another one each time."""
_MAKES_UP = re.compile(
    rb"\b(gen(CA|PrivateKey|SelfSignedCert|SignedCert)\w*|rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|uuidv4"
    rb"|bcrypt|htpasswd|encryptAES|shuffle)\b"
)
"""The functions of Helm's templates that give something else each time, but for those that read the clock."""


def settled_offline(step: InstallChart | ApplyManifests, toolbox: Toolbox, kubernetes: str) -> list[Json]:
    """The objects of `rendered_offline`, with `GENERATED` for what its chart makes up.

    Raises:
        what `rendered_offline` raises.
    """
    once = manifests.documents(rendered_offline(step, toolbox, kubernetes))
    if not (isinstance(step, InstallChart) and _makes_up(step, toolbox)):
        return once
    again = manifests.documents(rendered_offline(step, toolbox, kubernetes))
    settled = _settled(once, again)
    return settled if isinstance(settled, list) else once


def _makes_up(step: InstallChart, toolbox: Toolbox) -> bool:
    """Whether a chart may make anything up; one that cannot be looked into may."""
    folder = origin(step.module, step.chart, toolbox)
    if not folder.is_dir() or any(folder.rglob("*.tgz")):
        return True
    return any(_MAKES_UP.search(file.read_bytes()) for file in chart_files(folder) if _is_template(file))


def _is_template(file: Path) -> bool:
    return file.suffix in {".yaml", ".yml", ".tpl", ".txt", ".json"}


def _settled(once: Any, again: Any) -> Any:
    if isinstance(once, dict) and isinstance(again, dict) and once.keys() == again.keys():
        return {key: _settled(value, again[key]) for key, value in once.items()}
    if isinstance(once, list) and isinstance(again, list) and len(once) == len(again):
        return [_settled(mine, theirs) for mine, theirs in zip(once, again, strict=True)]
    return once if once == again else GENERATED
