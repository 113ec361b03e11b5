"""Kubernetes' messages in fewer words. Pure."""

from __future__ import annotations

import re

from devenv.adapters.kubernetes.json_objects import Json

_LONGEST = 400
_NOISE = (
    re.compile(r"rpc error: code = \w+ desc = "),
    re.compile(r"Back-off pulling image \"[^\"]*\":? ?"),
    re.compile(r"^ErrImagePull: "),
    re.compile(r"failed to pull and unpack image \"[^\"]*\": "),
    re.compile(r"failed to create containerd task: failed to create shim task: "),
    re.compile(r"OCI runtime create failed: runc create failed: "),
    re.compile(r"\(combined from similar events\): "),
    re.compile(r"^Error creating: "),
    re.compile(r"failed to do request: "),
    re.compile(r" no new claims to deallocate, preemption: .*$"),
    re.compile(r" preemption: .*$"),
    re.compile(r"release \S+ failed, and has been (uninstalled|rolled back) due to [\w-]+ being set: "),
)
_MOUNT = re.compile(r"MountVolume\.\w+ failed for volume \"(?P<volume>[^\"]*)\" : (?P<why>.*)", re.DOTALL)


def subject(kind: str, item: Json, container: str = "") -> str:
    """`namespace/kind/name`, with the container behind it where one is meant."""
    metadata = item["metadata"]
    where = "/".join(part for part in (metadata.get("namespace"), kind, metadata["name"]) if part)
    return f"{where} container {container}" if container else where


def plain(message: str) -> str:
    """A message without the chain of who passed it on, on one line."""
    text = " ".join(message.split())
    for noise in _NOISE:
        text = noise.sub("", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def mount(message: str) -> str:
    """A message about a volume, with the volume's name first."""
    match = _MOUNT.search(message)
    return f"{match['volume']}: {plain(match['why'])}" if match else plain(message)


def event_line(event: Json) -> str:
    """An event on one line."""
    times = int(event.get("count") or 1)
    again = f" ({times} times)" if times > 1 else ""
    return f"{event.get('reason', '')}{again}: {plain(event.get('message', ''))}"


def concerns(event: Json, message: str) -> bool:
    """Whether an event of a custom resource is about something that a message misses by name.

    A Secret that is not found is most often one that an ExternalSecret of that name could not bring.
    """
    involved = event.get("involvedObject", {})
    custom = "." in involved.get("apiVersion", "").rpartition("/")[0]
    return custom and f'"{involved.get("name")}" not found' in message
