"""Seconds to import and plan a Skaffold repository of 8 layers and 25 releases, which it writes itself.

    PYTHONPATH=. .venv/bin/python benchmarks/import_skaffold.py [--releases 25] [--keep FOLDER]

Each release has a chart of its own with five templates, and three files of values; every second one an image. Printed
are medians of five, within a process that runs: `import` is reading and checking everything, `plan` what `up` does then
before it has a plan for an engine that has nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.cluster_state import ClusterState
from devenv.plan.kind_config import KindConfig
from devenv.plan.observed import Observed, ObservedImages
from devenv.plan.plan import Plan
from devenv.plan.planner import Wanted, make_plan
from devenv.spec.load import load_workspace
from devenv.spec.versions import NODE
from devenv.spec.workspace import Workspace
from devenv.workflows.offline import offline_inputs

LAYERS = 8
ROUNDS = 5
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {{{{ .Release.Name }}}}-{number}}}
spec:
  selector: {{matchLabels: {{app: a}}}}
  template:
    metadata: {{labels: {{app: a}}}}
    spec: {{containers: [{{name: a, image: "{{{{ .Values.image.repository }}}}:{{{{ .Values.image.tag }}}}"}}]}}
"""


def write(root: Path, releases: int) -> None:
    """The repository, with a devenv.yaml."""
    layers = [f"{number:02d}-layer" for number in range(1, LAYERS + 1)]
    save(root / "devenv.yaml", {"project": "bench", "imports": {"skaffold": "skaffold"}})
    head = {"apiVersion": "skaffold/v4beta13", "kind": "Config"}
    requires = [{"path": layer} for layer in layers]
    save(root / "skaffold" / "skaffold.yaml", {**head, "metadata": {"name": "root"}, "requires": requires})
    for position, layer in enumerate(layers):
        names = [f"release-{number}" for number in range(position, releases, LAYERS)]
        built = names[::2]
        folder = root / "skaffold" / layer
        config = {
            **head,
            "metadata": {"name": layer},
            "build": {"artifacts": [{"image": f"bench/{name}", "context": f"apps/{name}"} for name in built]},
            "deploy": {"helm": {"releases": [release(name, built=name in built) for name in names]}},
            "profiles": [{"name": "prod", "patches": [{"op": "remove", "path": "/deploy/helm/releases/0/setValues"}]}],
        }
        save(folder / "skaffold.yaml", config)
        for name in names:
            write_chart(folder / "charts" / name, folder / "values" / name)
        for name in built:
            app = folder / "apps" / name
            app.mkdir(parents=True)
            (app / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
            for number in range(20):
                (app / f"{number}.py").write_text(f"# {name} {number}\n" * 50)


def release(name: str, *, built: bool) -> dict[str, object]:
    variable = f"bench_{name.replace('-', '_')}"
    parts = {"repository": "REPO", "tag": "TAG"}
    images = {f"image.{key}": f"{{{{.IMAGE_{part}_{variable}}}}}" for key, part in parts.items()}
    return {
        "name": name,
        "chartPath": f"charts/{name}",
        "namespace": "bench",
        "valuesFiles": [f"values/{name}/{number}.yaml" for number in range(3)],
        "setValues": {"level": "debug"},
        **({"setValueTemplates": images} if built else {}),
    }


def write_chart(chart: Path, values: Path) -> None:
    save(chart / "Chart.yaml", {"apiVersion": "v2", "name": chart.name, "version": "0.1.0"})
    save(chart / "values.yaml", {"image": {"repository": "nginx", "tag": "1"}, "settings": settings(0)})
    (chart / "templates").mkdir()
    for number in range(5):
        (chart / "templates" / f"{number}.yaml").write_text(TEMPLATE.format(number=number))
    for number in range(3):
        save(values / f"{number}.yaml", {"settings": settings(number)})


def settings(number: int) -> dict[str, object]:
    return {f"key{index}": {"value": index * number, "list": ["a", "b"], "text": "some text"} for index in range(20)}


def save(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content))


def plan(workspace: Workspace) -> Plan:
    """What `up` would do with an engine that has no image and no cluster."""
    digests = FileDigests()
    stacks = offline_inputs(workspace, workspace.selected)
    catalogue = Catalogue(workspace.versions, data_root(), hashing(digests), workspace.project.images, workspace.root)
    used = {name for _, made in stacks for name in made.images}
    described = catalogue.described([NODE, *used])
    references = {name: image.own or image.upstream or "" for name, image in described.items()}
    wanted = Wanted(
        project=workspace.project.project,
        cluster=f"devenv-{workspace.project.project}",
        stacks=stacks,
        needs={name: stack.spec.needs for name, stack in workspace.stacks.items()},
        versions=workspace.versions,
        kind_config=KindConfig("", ("control-plane",)),
        references=references,
        tools=("kind", "helm", "kubectl"),
        images="recipes",
    )
    return make_plan(wanted, Observed(ClusterState.ABSENT, images=ObservedImages(described)))


def median(do: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=25)
    parser.add_argument("--keep", type=Path, help="write the repository here, and leave it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = chosen.keep or Path(temporary)
        write(root, chosen.releases)
        workspace = load_workspace(root, data_root=data_root())
        steps = len(plan(workspace).nodes)
        imported = median(lambda: load_workspace(root, data_root=data_root()))
        planned = median(lambda: plan(workspace))
    print(f"{LAYERS} layers, {len(workspace.imported)} releases, {steps} steps")
    print(f"import {imported:.2f} s + plan {planned:.2f} s = {imported + planned:.2f} s; target 3 s")


if __name__ == "__main__":
    main()
