"""What `devenv load` is measured beside: the cluster, the images, kind's own loading, and a registry.

Every way is given the same images and nodes. The registry is a container on the cluster's network whose port is
published on 127.0.0.1; the engine pushes to it, and the nodes' containerd pulls from it, all nodes at once.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import certifi
import httpx2
import yaml
from machine import devenv, run, seconds_of

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.host.trust import observe_proxies, observe_trust
from devenv.images.build.build import CA_SECRET
from devenv.images.push.warm_up import warm_up
from devenv.plan.names import Names
from devenv.spec.image_reference import normalise

HERE = Path(__file__).resolve().parent
LABELS = {"devenv.io/benchmark": "load"}
PROJECT = "bench-load"
CLUSTER = Names(PROJECT).cluster
NETWORK = Names(PROJECT).network
REGISTRY = "devenv-bench-registry"
REGISTRY_VERSION = "v3.0.0"
AT_ONCE = 4
ANSWER_SECONDS = 30.0
_NAMESPACE = ["ctr", "--namespace=k8s.io"]


@contextmanager
def cluster(nodes: int) -> Iterator[tuple[Path, list[str]]]:
    """A cluster of its own with so many nodes: its project's folder, and its containers' names."""
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        spec = {
            "project": PROJECT,
            "cluster": {"nodes": {"control_planes": 1, "workers": nodes - 1}},
            "stacks": [{"name": "namespaces"}],
        }
        Path(folder, "devenv.yaml").write_text(yaml.safe_dump(spec))
        project = Path(folder)
        devenv(project, "down", "--adopt", "--yes")
        devenv(project, "up", "--yes")
        try:
            yield project, run(["docker", "ps", "--filter", f"network={NETWORK}", "--format", "{{.Names}}"]).split()
        finally:
            devenv(project, "down", "--adopt", "--yes")


class Images:
    """Images of random bytes, which do not compress, as programs and archives hardly do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def base(self, megabytes: int) -> str:
        """An image of one layer."""
        with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
            with Path(folder, "file").open("wb") as file:
                file.writelines(os.urandom(1_000_000) for _ in range(megabytes))
            return self._build("FROM scratch\nCOPY file /base\n", Path(folder))

    def changed(self, base: str, megabytes: int) -> str:
        """An image with a layer more."""
        with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
            Path(folder, "file").write_bytes(os.urandom(megabytes * 1_000_000))
            return self._build(f"FROM {base}\nCOPY file /change\n", Path(folder))

    def _build(self, dockerfile: str, folder: Path) -> str:
        reference = f"localhost/devenv-bench/{uuid.uuid4().hex[:8]}:1"
        Path(folder, "Dockerfile").write_text(dockerfile)
        self._engine.builds.run(BuildRequest(reference, folder / "Dockerfile", folder, labels=LABELS))
        return reference

    def remove(self) -> None:
        """Take them all away."""
        self._engine.images.remove(image.id for image in self._engine.images.list(LABELS))


def forget(nodes: Sequence[str], images: Sequence[str]) -> None:
    """Take images out of nodes with the content that nothing else uses; a pull would skip layers that are unpacked."""
    ours = {*map(normalise, images), *(f"{REGISTRY}:5000/{_path(image)}" for image in images)}

    def one(node: str) -> None:
        in_node = ["docker", "exec", node, *_NAMESPACE, "images"]
        targets = {name: digest for name, _, digest, *_ in map(str.split, run([*in_node, "ls"]).splitlines()[1:])}
        # The kubelet's interface gives each image a second name, by its ID; kind names the index around it.
        gone = {digest for name, digest in targets.items() if name in ours or name.startswith("import-")}
        names = [name for name, digest in targets.items() if digest in gone]
        if names:
            run([*in_node, "rm", "--sync", *names])

    with ThreadPoolExecutor() as pool:
        list(pool.map(one, nodes))


def await_warm_up(engine: Engine, image: str, node: str) -> None:
    """Have the engine know an image's digests, and wait until the program that a load started for it has ended."""
    warm_up(engine, image, node)
    with (host_state_dir("push") / "warm-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def kind_load(kind: str, images: Sequence[str]) -> float:
    """Seconds of kind's own loading."""
    return seconds_of(lambda: run([kind, "load", "docker-image", "--name", CLUSTER, *images]))


class Registry:
    """A registry beside the cluster."""

    def __init__(self, engine: Engine, golang: str) -> None:
        """Makes its image from `golang`, an image with Go."""
        self._engine = engine
        self._image = f"localhost/devenv-bench/registry:{REGISTRY_VERSION}"
        self._port = ""
        args = {**observe_proxies().variables(), "GOLANG": golang, "REGISTRY_VERSION": REGISTRY_VERSION}
        bundle = observe_trust().bundle or Path(certifi.where())
        folder = HERE / "registry"
        engine.builds.run(
            BuildRequest(
                self._image, folder / "Dockerfile", folder, args=args, secrets={CA_SECRET: bundle}, labels=LABELS
            )
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """An empty registry on the cluster's network."""
        self._engine.containers.remove([REGISTRY])
        run(["docker", "run", "-d", "--name", REGISTRY, "--network", NETWORK, "-p", "127.0.0.1::5000", self._image])
        self._port = run(["docker", "port", REGISTRY, "5000"]).strip().rpartition(":")[2]
        try:
            self._await_answer()
            yield
        finally:
            self._engine.containers.remove([REGISTRY])

    def _await_answer(self) -> None:
        # The port is open before the registry listens behind it: nothing but an answer tells.
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                httpx2.get(f"http://127.0.0.1:{self._port}/v2/", trust_env=False).raise_for_status()
            except httpx2.HTTPError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def load(self, nodes: Sequence[str], images: Sequence[str]) -> float:
        """Seconds of pushing, then pulling."""

        def push_and_pull() -> None:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self._push, images))
                list(pool.map(self._pull, [(node, image) for image in images for node in nodes]))

        return seconds_of(push_and_pull)

    def _push(self, image: str) -> None:
        name = f"127.0.0.1:{self._port}/{_path(image)}"
        run(["docker", "tag", image, name])
        run(["docker", "push", "--quiet", name])
        run(["docker", "rmi", name])

    @staticmethod
    def _pull(what: tuple[str, str]) -> None:
        node, image = what
        name = f"{REGISTRY}:5000/{_path(image)}"
        run(["docker", "exec", node, *_NAMESPACE, "images", "pull", "--plain-http", name])


def _path(image: str) -> str:
    return image.partition("/")[2]
