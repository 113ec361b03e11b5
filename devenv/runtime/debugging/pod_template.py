"""A workload's pod template for the time that a debugger is there. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devenv.adapters.kubernetes.json_objects import Json
from devenv.labels import ANNOTATION_BORROWED
from devenv.runtime.borrowing.programs import BroughtProgram
from devenv.runtime.debugging.languages import FOLDER, Language, variables

_VOLUME = "devenv-debug"
_ENDING_SECONDS = 3
"""A program that stands at a breakpoint ends for no signal but the last."""
_FOR_EVER = 1_000_000
"""Failures of a probe, which is asked each second or few."""
_PATIENCE = 10
"""Seconds in which an interpreter has begun on any machine."""


@dataclass(frozen=True, slots=True)
class Debugging:
    """What is to be debugged."""

    language: Language
    container: str
    words: Sequence[str]
    """What it runs under the debugger."""
    image: str = ""
    """Reference of what has the debugger's files; empty where it needs none."""
    image_variables: Mapping[str, str] = field(default_factory=dict)
    """Those that the image gives it."""
    waits: bool = False
    """Whether the program begins only once somebody has attached."""
    listening: Sequence[str] = ()
    """A command that ends well once somebody can; empty where it is at once."""


def debugged_template(template: Json, debugging: Debugging) -> Json:
    """The template with the container under its debugger."""
    made = copy.deepcopy(template)
    made.setdefault("metadata", {}).setdefault("annotations", {})[ANNOTATION_BORROWED] = debugging.language
    spec = made["spec"]
    spec["terminationGracePeriodSeconds"] = _ENDING_SECONDS
    container = next(each for each in spec["containers"] if each["name"] == debugging.container)
    container["command"] = list(debugging.words)
    container.pop("args", None)
    container.pop("lifecycle", None)
    _relax_probes(container, debugging)
    _give(container, debugging)
    if debugging.image:
        BroughtProgram(_VOLUME, debugging.image, FOLDER).bring(spec, container)
    return made


def _relax_probes(container: Json, debugging: Debugging) -> None:
    """Ask the container until it has answered once, for however long that takes, and never again.

    A program that stands at a breakpoint answers nobody: it would be restarted, or lose the request for which it stands
    there. One that waits for its debugger is asked for that alone.
    """
    container.pop("livenessProbe", None)
    startup, readiness = container.pop("startupProbe", None), container.pop("readinessProbe", None)
    probe = startup or readiness
    if debugging.waits:
        asked = {"exec": {"command": list(debugging.listening)}, "periodSeconds": 1, "timeoutSeconds": _PATIENCE}
        probe = asked if debugging.listening else None
    if probe:
        container["startupProbe"] = {**probe, "failureThreshold": _FOR_EVER, "successThreshold": 1}


def _give(container: Json, debugging: Debugging) -> None:
    """Set the debugger's variables, after those that are there; what a Secret holds stays as it is."""
    env = [dict(entry) for entry in container.get("env") or ()]
    given = {entry["name"]: entry["value"] for entry in env if "value" in entry}
    own = variables(debugging.language, {**debugging.image_variables, **given})
    kept = [entry for entry in env if entry["name"] not in own]
    if env or own:
        container["env"] = [*kept, *({"name": name, "value": value} for name, value in own.items())]
