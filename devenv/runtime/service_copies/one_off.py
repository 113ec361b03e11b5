"""A pod for one command: a workload's image, variables and mounts, and nothing that leads to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Surroundings
from devenv.errors import UsageError
from devenv.runtime.service_copies.identity import Identity
from devenv.runtime.service_copies.place import place_beside
from devenv.runtime.service_copies.pods import copied_pod
from devenv.spec.read.wording import name_hint

_OF_A_SERVICE = ("args", "lifecycle", "livenessProbe", "ports", "readinessProbe", "startupProbe")
"""What a container has for being one, and a command has no use for."""


@dataclass(frozen=True, slots=True)
class OneOff:
    """What a command is run by."""

    objects: tuple[Json, ...]
    """The pod first."""
    pod: str
    container: str


def one_off(
    around: Surroundings, identity: Identity, command: Sequence[str], *, container: str = "", on_terminal: bool = False
) -> OneOff:
    """The pod, and the policies that let it do what the original may.

    Init containers run first, as they do for the service; of the others there is only the one whose command it is.

    Args:
        around: the workload.
        identity: of the pod.
        command: the program and its arguments, in place of the image's own.
        container: whose image, variables and mounts; the first one's when empty.
        on_terminal: whether somebody types what it reads.

    Raises:
        UsageError: there is no such container.
    """
    place = place_beside(around, identity)
    pod = copied_pod(around.workload, identity, place.labels, ())
    known = {each["name"]: each for each in pod["spec"]["containers"]}
    name = container or next(iter(known))
    if name not in known:
        raise UsageError(f"there is no container {name}", hint=name_hint(name, known, "containers"))
    kept = {key: value for key, value in known[name].items() if key not in _OF_A_SERVICE}
    streams = {"stdin": True, "stdinOnce": True, "tty": True} if on_terminal else {}
    pod["spec"] |= {"containers": [{**kept, "command": list(command), **streams}], "restartPolicy": "Never"}
    return OneOff((pod, *place.policies), pod["metadata"]["name"], name)
