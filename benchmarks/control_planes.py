"""Several control planes, from `devenv up` to `devenv down`: started again after a stop, in order and out of it.

A check rather than a measurement: it takes too long for the end-to-end tests. Run it as `python
benchmarks/control_planes.py [--planes N] [--workers N]`; it makes a project of its own and takes it away at the end.
Each line says what held and how long the command took; the first thing that does not hold ends it with status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from machine import describe_machine, devenv, kubectl, run, seconds_of

from devenv.images.catalogue.catalogue import OWN_REPOSITORY
from devenv.plan.names import Names

PROJECT = "devenv-planes"
NAMES = Names(PROJECT)
BALANCER = f"{NAMES.cluster}-external-load-balancer"
NAMESPACE = {"layer": "06-application", "networkZone": "app", "podSecurity": "baseline"}
_STACK = """
name: keeper
layer: 06-application
summary: Writes down once when it first ran
namespace: keeper
version: "1"
needs: [namespaces]
sources:
  - chart: {path: chart}
images:
  keeper: {repository: image.repository, tag: image.tag}
"""
_CHART = "{apiVersion: v2, name: keeper, version: 1.0.0}"
_TEMPLATE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: keeper}
spec:
  serviceName: keeper
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: keeper
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          command: [sh, -c, "[ -s /data/first ] || date +%s%N >/data/first; sync; trap exit TERM; sleep 86400 & wait"]
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""
_DOCKERFILE = "ARG BASE\nFROM ${BASE}\nCOPY version /\n"


@contextmanager
def project(planes: int, workers: int) -> Iterator[Path]:
    """A project with one stack, whose image and data can be looked at."""
    with tempfile.TemporaryDirectory(prefix="devenv-planes-") as folder:
        root = Path(folder)
        stack = root / "stacks" / "06-application" / "keeper"
        spec = {
            "project": PROJECT,
            "cluster": {"nodes": {"control_planes": planes, "workers": workers}},
            "stacks": [
                {"name": "keeper"},
                {"name": "namespaces", "values": {"namespaces": {"keeper": NAMESPACE}}},
            ],
            "stack_paths": ["stacks"],
            "images": {"keeper": {"context": "image", "bases": {"BASE": "debian-bookworm"}}},
        }
        for file, text in {
            root / "devenv.yaml": yaml.safe_dump(spec),
            root / "image" / "Dockerfile": _DOCKERFILE,
            root / "image" / "version": "1",
            stack / "stack.yaml": _STACK,
            stack / "chart" / "Chart.yaml": _CHART,
            stack / "chart" / "values.yaml": "image: {repository: '', tag: ''}",
            stack / "chart" / "templates" / "keeper.yaml": _TEMPLATE,
        }.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        devenv(root, "down", "--adopt", "--yes")
        try:
            yield root
        finally:
            devenv(root, "down", "--adopt", "--yes")


def check(what: str, *, holds: bool) -> None:
    """Tell what holds; end where it does not."""
    print(f"{'ok  ' if holds else 'FAIL'} {what}")
    if not holds:
        sys.exit(1)


def timed(root: Path, *command: str) -> None:
    """Run a command of devenv, and tell how long it took."""
    print(f"     devenv {' '.join(command)}: {seconds_of(lambda: devenv(root, *command)):.0f} s")


def addresses() -> dict[str, str]:
    """Each container of the cluster with its address, in the order of these."""
    listed = run(["docker", "network", "inspect", NAMES.network, "--format", "{{json .Containers}}"])
    found = {entry["Name"]: str(entry["IPv4Address"]).partition("/")[0] for entry in json.loads(listed).values()}
    return dict(sorted(found.items(), key=lambda item: [int(part) for part in item[1].split(".")]))


def first_ran(root: Path) -> str:
    """What the pod has written when it first ran."""
    where = ["exec", "--namespace", "keeper", "keeper-0", "--", "cat", "/data/first"]
    return run([*kubectl(root), *where]).strip()


def holds_image(node: str, reference: str) -> bool:
    """Whether a node has an image."""
    return reference in run(["docker", "exec", node, "ctr", "--namespace=k8s.io", "images", "ls", "-q"]).split()


def engine_starts(order: Sequence[str]) -> None:
    """Stop the cluster's containers and start them one by one, as an engine does that comes up: at free addresses."""
    run(["docker", "stop", *order])
    for name in order:
        run(["docker", "start", name])


def volumes(containers: Sequence[str]) -> set[str]:
    """The volumes of containers, named or not."""
    reported = run(["docker", "inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", *containers])
    return set(reported.split())


def stop_and_bring_back(root: Path, made: dict[str, str]) -> None:
    """Stop everything, and then have the engine start the control planes in each other's places."""
    written = first_ran(root)
    run(["docker", "stop", *made])
    timed(root, "up", "--yes")
    same = (addresses(), first_ran(root)) == (made, written)
    check("it is started again at the former addresses, with its data", holds=same)

    planes = [name for name in made if "control-plane" in name]
    engine_starts([planes.pop() if "control-plane" in name else name for name in made])
    check("the engine alone starts control planes at each other's addresses", holds=addresses() != made)
    timed(root, "up", "--yes")
    same = (addresses(), first_ran(root)) == (made, written)
    check("it is brought back to the former addresses, with its data", holds=same)


def take_away(root: Path, made: dict[str, str]) -> None:
    """Remove it, and look for what is left."""
    held = volumes(list(made))
    timed(root, "down", "--yes")
    left = set(run(["docker", "ps", "--all", "--format", "{{.Names}}"]).split()) & made.keys()
    left |= set(run(["docker", "volume", "ls", "--quiet"]).split()) & held
    left |= set(run(["docker", "network", "ls", "--format", "{{.Name}}"]).split()) & {NAMES.network}
    check(f"nothing is left of {len(made)} containers, {len(held)} volumes and the network", holds=not left)


def main() -> None:
    """Bring it up, change it, stop it twice, take it away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planes", type=int, default=2, choices=(2, 3))
    parser.add_argument("--workers", type=int, default=0)
    wanted = parser.parse_args()
    print(describe_machine())
    with project(wanted.planes, wanted.workers) as root:
        timed(root, "up", "--yes")
        made = addresses()
        whole = BALANCER in made and len(made) == wanted.planes + wanted.workers + 1
        check(f"its containers are {', '.join(made)}", holds=whole)

        (root / "image" / "version").write_text("2")
        timed(root, "up", "--yes")
        reference = next(word for word in devenv(root, "build", "keeper").split() if word.startswith(OWN_REPOSITORY))
        everywhere = all(holds_image(node, reference) for node in made if node != BALANCER)
        check(f"every node has the changed image {reference}", holds=everywhere)

        stop_and_bring_back(root, made)
        take_away(root, made)


if __name__ == "__main__":
    main()
