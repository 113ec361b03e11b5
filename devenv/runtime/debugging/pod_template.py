"""A workload's pod template for the time that a debugger is there. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.debugging.languages import DEBUGGERS, FOLDER, Language, variables

DEBUG_ANNOTATION = "devenv.io/debug"
"""At a workload and its pods: who debugs what, so that whoever comes later can tell and mend it."""
_VOLUME = "devenv-debug"
_PROBES = ("livenessProbe", "startupProbe", "readinessProbe")
_INSTALLER = {
    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


@dataclass(frozen=True, slots=True)
class Debugging:
    """What is to be debugged."""

    language: Language
    container: str
    words: Sequence[str]
    """What it runs under the debugger."""
    image: str = ""
    """Reference of what has the debugger's files; empty where it needs none."""


def debugged_template(template: Json, debugging: Debugging) -> Json:
    """The template with the container under its debugger.

    No probe is left at it: a program that stands at a breakpoint answers none, and would be restarted, or lose the
    request for which it stands there.
    """
    made = copy.deepcopy(template)
    made.setdefault("metadata", {}).setdefault("annotations", {})[DEBUG_ANNOTATION] = debugging.language
    spec = made["spec"]
    container = next(each for each in spec["containers"] if each["name"] == debugging.container)
    container["command"] = list(debugging.words)
    container.pop("args", None)
    for probe in _PROBES:
        container.pop(probe, None)
    _give(container, debugging.language)
    if debugging.image:
        mount = {"name": _VOLUME, "mountPath": FOLDER}
        spec["volumes"] = [*(spec.get("volumes") or ()), {"name": _VOLUME, "emptyDir": {}}]
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), {**mount, "readOnly": True}]
        installer = {
            "name": _VOLUME,
            "image": debugging.image,
            "imagePullPolicy": "IfNotPresent",
            # The image's program copies what is beside it to the folder that it is given.
            "args": [FOLDER],
            "volumeMounts": [mount],
            **copy.deepcopy(_INSTALLER),
        }
        spec["initContainers"] = [installer, *(spec.get("initContainers") or ())]
    return made


def _give(container: Json, language: Language) -> None:
    """Set the debugger's variables, after those that are there; what a Secret holds stays as it is."""
    env = [dict(entry) for entry in container.get("env") or ()]
    given = {entry["name"]: entry["value"] for entry in env if "value" in entry}
    own = variables(language, given)
    container["env"] = [entry for entry in env if entry["name"] not in own]
    container["env"] += [{"name": name, "value": value} for name, value in own.items()]


def debugger_port(language: Language) -> int:
    """Where the debugger listens in the pod."""
    return DEBUGGERS[language].port
