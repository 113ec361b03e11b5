"""A program that is brought into a pod whose image lacks it. Pure."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json

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
class BroughtProgram:
    """What a container gets beside its image."""

    volume: str
    """What volume and init container are called."""
    image: str
    """Reference of what has the files: its entrypoint copies them to the folder that it is given."""
    folder: str
    """Where they are in the container."""

    def bring(self, spec: Json, container: Json) -> None:
        """Have an init container, the pod's first, copy them into a volume that one container reads."""
        mount = {"name": self.volume, "mountPath": self.folder}
        spec["volumes"] = [*(spec.get("volumes") or ()), {"name": self.volume, "emptyDir": {}}]
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), {**mount, "readOnly": True}]
        installer = {
            "name": self.volume,
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "args": [self.folder],
            "volumeMounts": [mount],
            **copy.deepcopy(_INSTALLER),
        }
        spec["initContainers"] = [installer, *(spec.get("initContainers") or ())]
