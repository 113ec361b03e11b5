"""The charts of the built-in stacks and of the example, rendered by Helm with the values that devenv passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from devenv.adapters.charts.charts import copy_chart
from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes import manifests
from devenv.adapters.process import run
from devenv.images.build.modules import Module
from devenv.images.content.fingerprint import FileDigests
from devenv.runtime.observe.stack_inputs import renew, stack_inputs
from devenv.spec.load import load_workspace
from devenv.spec.model import PROFILES, BuiltinProfile
from devenv.spec.render import ProjectFacts
from devenv.spec.stack import ChartSource
from devenv.spec.workspace import LoadedStack, Workspace
from support.programs import missing, require_tool
from support.services import DATABASES, EVERYTHING, SERVICES, write_project

Json = dict[str, Any]

EXAMPLE = Path(__file__).parents[2] / "examples" / "alt"
VARIED: dict[str, Json] = {
    "monitoring by victoria-metrics": {"engine": "victoria-metrics"},
    "logs by victoria-logs": {"engine": "victoria-logs"},
    "logs by vector": {"collector": "vector"},
}
"""Stacks in another variant than their first, by their values."""
SHOP = tuple(f"{name} of shop" for name in (*SERVICES, *DATABASES))
"""Services and databases of a devenv.yaml that has all that can be written there."""
WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"}


@dataclass(frozen=True)
class Rendered:
    """A stack's charts as Helm renders them."""

    stack: LoadedStack
    images: frozenset[str]
    """The references that the charts were given."""
    objects: tuple[Json, ...]

    def of_kind(self, *kinds: str) -> list[Json]:
        return [item for item in self.objects if item["kind"] in kinds]

    @property
    def containers(self) -> Iterator[tuple[str, Json]]:
        """Each container of each workload, with a name for messages."""
        for item in self.of_kind(*WORKLOADS):
            spec = pod_spec(item)
            for container in (*spec.get("initContainers", ()), *spec["containers"]):
                yield f"{item['kind']} {item['metadata']['name']}, container {container['name']}", container


def pod_spec(workload: Json) -> Json:
    spec: Json = workload["spec"]
    while "containers" not in spec:
        spec = (spec.get("jobTemplate") or spec["template"])["spec"]
    return spec


class Charts:
    """The charts of the example's workspace, which holds all built-in stacks too, with monitoring beside them."""

    def __init__(self, scratch: Path) -> None:
        self._program = str(require_tool("helm"))
        self.helm = Helm(Path(self._program), scratch / "kubeconfig")
        monitored = _with(scratch / "alt", [{"name": "monitoring"}])
        self._alone = {p: load_workspace(EXAMPLE, data_root=data_root(), profile=p) for p in PROFILES}
        self._workspaces = {p: load_workspace(monitored, data_root=data_root(), profile=p) for p in PROFILES}
        self._varied = {
            (name, p): load_workspace(
                _with(scratch / f"{name} {p}", [{"name": _stack(name), "values": values}]),
                data_root=data_root(),
                profile=p,
            )
            for name, values in VARIED.items()
            for p in PROFILES
        }
        shop = write_project(scratch / "shop", EVERYTHING)
        self._shop = {p: load_workspace(shop, data_root=data_root(), profile=p) for p in PROFILES}
        self._varied |= {(name, p): self._shop[p] for name in SHOP for p in PROFILES}
        modules = self._workspaces[PROFILES[0]].versions.modules
        # Looked up now: while charts are rendered, Helm's folders in the cache are of the tests' own.
        described = {name: Module(name, pinned.version, pinned.sum) for name, pinned in modules.items()}
        self._modules = {name: module.folder for name, module in described.items() if module.cached}
        self._scratch = scratch
        self.render = cache(self._render)
        self.definitions = cache(self._read_definitions)

    def stack(self, name: str) -> LoadedStack:
        workspaces = self._workspaces if name in self._workspaces[PROFILES[0]].stacks else self._shop
        return workspaces[PROFILES[0]].stacks[name]

    def _render(self, name: str, profile: BuiltinProfile, *, renewed: bool = False, alone: bool = False) -> Rendered:
        workspaces = self._alone if alone else self._workspaces
        workspace, name = self._varied.get((name, profile), workspaces[profile]), _stack(name)
        images = {image: f"registry.test/{image}:1.2.3" for image in workspace.stacks[name].spec.images}
        text = "\n---\n".join(self._each(workspace, name, images, renewed=renewed))
        objects = tuple(flat(yaml.safe_load_all(text)))
        return Rendered(workspace.stacks[name], frozenset(images.values()), objects)

    def upstream(self, name: str, values: Json) -> list[Json]:
        """What the chart of a stack's module makes of these values."""
        chart = next(source.chart for source in self.stack(name).spec.sources if source.chart and source.chart.module)
        folder = self._folder(chart, chart.path or "", name)
        return self._made(name, folder, values)

    def own(self, name: str, source: int, values: Json) -> list[Json]:
        """What a chart in a stack's folder makes of these values."""
        stack = self.stack(name)
        chart = stack.spec.sources[source].chart
        assert chart is not None
        if chart.builtin:
            return self.shared(name, chart.builtin, values)
        assert chart.path is not None
        return self._made(name, stack.root / chart.path, values)

    def shared(self, name: str, chart: str, values: Json) -> list[Json]:
        """What a chart that devenv ships for stacks to share makes of these values."""
        return self._made(name, data_root() / "stacks" / "charts" / chart, values)

    def _read_definitions(self, name: str) -> dict[tuple[str, str], Json]:
        """The schemas of the kinds that a stack's manifests define, by API version and kind."""
        stack = self.stack(name)
        found = {}
        for source in (source.manifests for source in stack.spec.sources if source.manifests):
            root = self._modules.get(source.module) if source.module else stack.root
            if root is None:
                missing(f"module {source.module} in the cache; devenv up brings it there")
            for item in manifests.documents(manifests.read(root / source.path)):
                for version in item["spec"].get("versions", ()) if item["kind"] == "CustomResourceDefinition" else ():
                    schema = strict(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    found[f"{item['spec']['group']}/{version['name']}", item["spec"]["names"]["kind"]] = schema
        return found

    def _made(self, release: str, folder: Path, values: Json) -> list[Json]:
        wanted = ChartRelease(release, release, str(folder), json.dumps(values))
        return list(flat(yaml.safe_load_all(self.helm.template(wanted))))

    def _each(self, workspace: Workspace, name: str, images: dict[str, str], *, renewed: bool) -> Iterator[str]:
        facts = ProjectFacts.of(workspace.project, 8080, 8443)
        ((spec, made),) = stack_inputs(workspace, [name], facts, images, FileDigests(), environ={})
        made = renew(made) if renewed else made
        for source, path in zip(spec.sources, made.sources, strict=True):
            if source.chart:
                release = source.chart.release or name
                chart = self._folder(source.chart, path, release)
                if source.chart.module is None:  # of others' charts the versions are filled in by their releases
                    self._lint(chart, made.values)
                wanted = ChartRelease(release, spec.namespace, str(chart), made.values)
                yield self.helm.template(wanted, kubernetes=workspace.versions.node.kubernetes)

    def _lint(self, chart: Path, values: str) -> None:
        """Have Helm check a chart."""
        run([self._program, "lint", str(chart), "--values", "-", "--quiet", "--strict"], stdin=values.encode())

    def _folder(self, chart: ChartSource, path: str, name: str) -> Path:
        if chart.module is None:
            return Path(path)
        folder = self._modules.get(chart.module)
        if folder is None:
            missing(f"module {chart.module} in the cache; devenv up brings it there")
        copy = self._scratch / f"{name}-{len(list(self._scratch.iterdir()))}"
        return copy_chart(folder / path, copy, chart.drop_dependencies)


def _stack(name: str) -> str:
    """The stack of a name of VARIED, or of its own."""
    return name.partition(" ")[0]


def _with(root: Path, stacks: list[Json]) -> Path:
    shutil.copytree(EXAMPLE, root)
    file = root / "devenv.yaml"
    project = yaml.safe_load(file.read_text(encoding="utf-8"))
    project["stacks"] += stacks
    file.write_text(yaml.safe_dump(project), encoding="utf-8")
    return root


def strict(schema: Any) -> Any:
    """A kind's schema as JSON Schema that takes no field which the kind does not have."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = "properties" in schema and not {"additionalProperties", "x-kubernetes-preserve-unknown-fields"} & set(
        schema
    )
    made = {key: strict(value) for key, value in schema.items()}
    return made | {"additionalProperties": False} if closed and schema.get("type") == "object" else made


def flat(documents: Iterator[Any]) -> Iterator[Json]:
    """The objects of some documents, those inside lists too."""
    for document in documents:
        if document and document["kind"] == "List":
            yield from flat(iter(document["items"]))
        elif document:
            yield document
