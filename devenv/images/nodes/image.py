"""Puts the system's images into a node image, so that a cluster starts without fetching any.

Responsible for turning the recipe's node into the image that kind is given. It must not build or name images,
and works on what the engine holds already.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from devenv.errors import ImageError
from devenv.labels import LABEL_IMAGE, LABEL_RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import DockerClient
    from docker.models.containers import Container

# Where an image lies, unpacked from its archive, until containerd has taken it in.
_STAGING = "/var/tmp/devenv-image"  # noqa: S108 - a path in a container that nobody else uses
_BOOTED = b"containerd successfully booted"
# The archive of an engine with the containerd store is an OCI layout too, whose index carries the engine's
# names. Without it, containerd reads manifest.json, into which the names that the node must know are written.
# Where the kernel lets one overlay lie on another, images are kept unpacked and their archives dropped: a
# node then starts them at once (a cluster of two nodes in 21 s instead of 31 s). Elsewhere nodes unpack them.
_IMPORT = """
set -eu -o pipefail
cd "$STAGING"
rm -f oci-layout index.json
jq --compact-output '.[0].RepoTags = $ARGS.positional' manifest.json --args "$@" >names.json
mv names.json manifest.json
keep=--no-unpack
plugins=$(ctr plugins list)
if grep -qE '^io.containerd.snapshotter.v1 +overlayfs .* ok *$' <<<"$plugins"; then
  keep=--discard-unpacked-layers
fi
tar --create --file=- . | ctr --namespace=k8s.io images import --local --all-platforms "$keep" -
rm -r "$STAGING"
"""
# Deleting a lease synchronously is how containerd is told to collect garbage, and to say when it has.
_COLLECT = """
set -eu
ctr --namespace=k8s.io leases create --id=devenv-preload
ctr --namespace=k8s.io leases delete --sync devenv-preload
"""


def preload(
    engine: DockerClient,
    base_ref: str,
    system_refs: Mapping[str, str],
    target_ref: str,
    progress: Callable[[str], None],
    *,
    labels: Mapping[str, str],
) -> str:
    """Load images into the node `base_ref`, commit it as `target_ref` and return the new image's ID.

    Args:
        engine: client of the engine that holds all images; its time-out must allow for committing 500 MB.
        base_ref: image of a node without system images, with kind's entrypoint.
        system_refs: reference that the node shall know, to the reference in the engine.
        target_ref: repository and tag of the result.
        progress: called with one line per image.
        labels: of the container in which that is done.

    Raises:
        ImageError: containerd did not start or refused an image.
    """
    node = engine.images.get(base_ref)
    # containerd itself is the program; its content store is a folder of the container: the commit keeps it.
    container = engine.containers.create(
        node,
        entrypoint=["/usr/local/bin/containerd"],
        command=[],
        privileged=True,
        network_mode="none",
        labels=dict(labels),
        environment={"STAGING": _STAGING},
    )
    try:
        container.start()
        _await_containerd(container)
        for ref, names in _by_image(system_refs).items():
            progress(f"loading {', '.join(names)}")
            _import(engine, container, ref, names)
        _run(container, ["bash", "-c", _COLLECT, "collect"])
        # The node's stop signal is systemd's; containerd ends, and writes its database, on its own.
        container.kill("SIGTERM")
        container.wait()
        progress(f"committing {target_ref}")
        repository, _, tag = target_ref.rpartition(":")
        return str(container.commit(repository, tag, conf=configuration(node.attrs["Config"], target_ref)).id)
    finally:
        container.remove(force=True, v=True)


def _by_image(system_refs: Mapping[str, str]) -> dict[str, list[str]]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, ref in system_refs.items():
        names[ref].append(name)
    return dict(names)


def configuration(base: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The base's own configuration: a commit would otherwise keep that of the container."""
    kept = ("Env", "Entrypoint", "Cmd", "StopSignal", "WorkingDir")
    # Labels of the container are added to these. By that of this run every cluster would be taken for a part of it, and
    # be removed by the next one.
    labels = {**(base.get("Labels") or {}), LABEL_IMAGE: reference, LABEL_RUN: ""}
    return {**{key: base.get(key) for key in kept}, "Labels": labels}


def _await_containerd(container: Container) -> None:
    """Wait for containerd's own word that it serves; the log ends when it dies."""
    seen = b""
    for chunk in container.logs(stream=True, follow=True):
        seen += chunk
        if _BOOTED in seen:
            return
    raise ImageError(
        "containerd in the node image did not start",
        context={"last lines": _last_lines(seen)},
    )


def _import(engine: DockerClient, container: Container, ref: str, names: list[str]) -> None:
    """Stream the engine's archive of `ref` into the container, which keeps it under `names`."""
    _run(container, ["mkdir", "-p", _STAGING])
    # By ID: the archive then carries no name of the engine's. The stream is never held as a whole.
    container.put_archive(_STAGING, engine.images.get(ref).save())
    _run(container, ["bash", "-c", _IMPORT, "import", *names])


def _run(container: Container, argv: list[str]) -> None:
    status, output = container.exec_run(argv)
    if status != 0:
        raise ImageError(
            f"loading images into the node image failed at {argv[-1]}",
            context={
                "exit status": str(status),
                "last lines": _last_lines(output),
            },
        )


def _last_lines(output: bytes | Iterator[bytes]) -> str:
    text = output if isinstance(output, bytes) else b"".join(output)
    return "\n".join(text.decode(errors="replace").splitlines()[-20:])
