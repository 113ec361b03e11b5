"""What is to be seen of services that a command has changed for a while, and gives back as they were."""

from __future__ import annotations

import json
from typing import Any

from support.environment import Project


def services_as_asked_for(project: Project) -> dict[str, Any]:
    """The Deployments of the project's services, by name: all but what controllers write."""
    namespace = f"{project.name}-apps"
    items = json.loads(project.kubectl("--namespace", namespace, "get", "deployments", "--output", "json"))["items"]
    left = ("generation", "resourceVersion", "managedFields")
    metadata = {i["metadata"]["name"]: {k: v for k, v in i["metadata"].items() if k not in left} for i in items}
    for each in metadata.values():
        each["annotations"].pop("deployment.kubernetes.io/revision")
    return {item["metadata"]["name"]: (metadata[item["metadata"]["name"]], item["spec"]) for item in items}


def state_of(project: Project, stack: str) -> tuple[str, str]:
    """State and reason, as `devenv status` tells them."""
    (found,) = [each for each in project.status()["stacks"] if each["name"] == stack]
    return found["state"], found["reason"]
