"""A workload's pod template while a process of this machine answers for it. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

from devenv.adapters.kubernetes.json_objects import Json
from devenv.labels import ANNOTATION_BORROWED
from devenv.runtime.borrowing.programs import BroughtProgram

FOLDER = "/run/devenv-interceptor"
"""Where the program is in the container."""
_NAME = "devenv-interceptor"
_TOKEN = "DEVENV_INTERCEPTOR_TOKEN"  # noqa: S105 -- its name
_ENDING_SECONDS = 3
FIRST_CONTROL = 20110
"""Where the program takes in whoever it leads the connections to, or at the next number that is free in the pod."""
_ASKED = ("livenessProbe", "readinessProbe", "startupProbe")


@dataclass(frozen=True, slots=True)
class Interception:
    """What takes a container's place."""

    container: str
    image: str
    """Reference of what has the interceptor."""
    ports: Sequence[int]
    """That it listens on."""
    token: str = field(repr=False)
    """By which it knows who may have the connections."""

    @property
    def control(self) -> int:
        """The port of the pod's loopback where it takes that one in."""
        return next(port for port in range(FIRST_CONTROL, 1 << 16) if port not in self.ports)

    def template(self, former: Json) -> Json:
        """The template with the interceptor in the container's place.

        Image, user and mounts stay the container's own: the same pod is admitted, on the same nodes. What prepares for
        the service's own program (init containers, hooks, variables) is left out, and no probe asks: whether the
        process of the machine is there is not the pod's affair.
        """
        made = copy.deepcopy(former)
        made.setdefault("metadata", {}).setdefault("annotations", {})[ANNOTATION_BORROWED] = "intercept"
        spec = made["spec"]
        spec["terminationGracePeriodSeconds"] = _ENDING_SECONDS
        # What is called so goes on beside the containers.
        beside = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
        spec["initContainers"] = beside
        container = next(each for each in spec["containers"] if each["name"] == self.container)
        for key in ("args", "envFrom", "lifecycle", *_ASKED):
            container.pop(key, None)
        container["command"] = [f"{FOLDER}/interceptor", str(self.control), *map(str, self.ports)]
        # Not an argument: whoever has an account on the machine sees those of all processes.
        container["env"] = [{"name": _TOKEN, "value": self.token}]
        BroughtProgram(_NAME, self.image, FOLDER).bring(spec, container)
        return made
