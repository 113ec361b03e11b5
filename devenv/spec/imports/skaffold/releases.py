"""Helm releases of Skaffold as stacks.

Responsible for one release: its chart, its values in the order in which Skaffold hands them to Helm (`overrides`, files
in their order, then what is set), and where each of it is written. Source: `installArgs` of Skaffold's Helm deployer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from devenv.spec.helm import go_templates
from devenv.spec.helm.image_variables import named_images, suffix
from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.file.deploy_config import HelmDeploy, HelmRelease
from devenv.spec.imports.skaffold.file.modules import Module
from devenv.spec.imports.skaffold.images_in_values import image_places
from devenv.spec.imports.skaffold.made_stack import stack_of
from devenv.spec.imports.skaffold.naming import slug
from devenv.spec.imports.skaffold.variables import Templates
from devenv.spec.model import Values
from devenv.spec.read.discover import StackFolder
from devenv.spec.read.drafts import StackDraft, read_values_files
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.yaml.derived import DerivedDocument
from devenv.spec.yaml.positions import KeyPath
from devenv.spec.yaml.reader import read_yaml

DEFAULT_NAMESPACE = "default"
DEFAULT_DEADLINE = timedelta(minutes=10)
"""Skaffold's own."""
_OWN_FLAGS = (
    "--atomic",
    "--rollback-on-failure",
    "--wait",
    "--wait-for-jobs",
    "--cleanup-on-fail",
    "--create-namespace",
    "--install",
    "--debug",
    "--dependency-update",
    "--kube-context",
    "--kubeconfig",
    "--history-max",
    "--timeout",
    "--force",
)
"""What devenv does in any case, each in its way."""
_WAITING = ("--wait", "--atomic", "--rollback-on-failure")
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack belongs."""

    module: Module
    at: KeyPath
    layer: str
    needs: tuple[str, ...]
    boundary: Boundary
    hooks: Mapping[str, list[dict[str, Any]]]


def release_name(release: HelmRelease, module: Module, at: KeyPath, templates: Templates) -> str:
    """The name of a release, which is its stack's too."""
    return slug(templates.expand(release.name, module.document, (*at, "name"), needed=True))


def waits(release: HelmRelease, helm: HelmDeploy, module: Module, boundary: Boundary) -> bool:
    """Whether Skaffold goes on after it only when it is ready, or when what it defines is known to the cluster."""
    flags = (*helm.flags.install, *helm.flags.upgrade, *helm.flags.global_)
    if release.wait or any(flag.partition("=")[0] in _WAITING for flag in flags):
        return True
    if release.chart_path is None or release.remote:
        return True
    return not isinstance(boundary.look(module.folder, f"{release.chart_path}/crds", "folder"), PathProblem)


def deadline_of(module: Module, helm: HelmDeploy | None) -> timedelta:
    """How long the stacks of a configuration may take."""
    seconds = module.config.deploy.status_check_deadline_seconds
    flags = (*helm.flags.install, *helm.flags.upgrade) if helm else ()
    given = [timedelta(seconds=seconds)] if seconds and seconds > 0 else []
    given += [found for text in _values_of("--timeout", flags) if (found := _go_duration(text))]
    return max(given, default=DEFAULT_DEADLINE)


def flag_notes(module: Module, helm: HelmDeploy, at: KeyPath) -> Iterator[Note]:
    """Arguments of Helm that devenv does not know what to do with."""
    for kind in ("global_", "install", "upgrade", "dep_build", "template"):
        key = {"global_": "global", "dep_build": "depBuild"}.get(kind, kind)
        for index, flag in enumerate(getattr(helm.flags, kind)):
            if flag.startswith("-") and flag.partition("=")[0] not in _OWN_FLAGS:
                place = (*at, "flags", key, index)
                yield Note.at(module.document, place, f"{flag} is not carried over", "Helm is called without it")


class Release:
    """One release on its way."""

    def __init__(self, release: HelmRelease, place: Place, templates: Templates) -> None:
        self._release, self._place, self._templates = release, place, templates
        self._document, self._at = place.module.document, place.at
        self._places: dict[KeyPath, KeyPath] = {("values_files",): (*place.at, "valuesFiles")}

    def draft(self, name: str, namespace_prefix: str, deadline: timedelta) -> StackDraft | None:
        """The stack; None where it has no chart."""
        chart = self._chart()
        if chart is None or not name:
            return None
        module, release = self._place.module, self._release
        layer = self._place.layer
        folder = StackFolder(module.folder, self._place.boundary, builtin=False, name=name, layer=layer)
        self._places |= {("namespace",): (*self._at, "namespace"), ("name",): (*self._at, "name")}
        document = DerivedDocument(self._document.file, self._document.root, self._at, self._places)
        paths = [self._expand(path, ("valuesFiles", index)) for index, path in enumerate(release.values_files)]
        read = read_values_files(folder, paths, document, release.overrides)
        self._templates.problems.extend(read.problems)
        values = read.values
        given = self._set()
        if not named_images([*given, *given.values()], list(self._templates.artifacts.values())):
            values, found = image_places(self._chart_values(folder), values, self._templates.artifacts)
            given |= found
        images = named_images([*given, *given.values()], list(self._templates.artifacts.values()))
        self._places |= {("images", image): self._at for image in images}
        data: dict[str, Any] = {
            "name": name,
            "layer": layer,
            "summary": f"Release {name} of {module.name} ({self._document.file.name})",
            "namespace": self._expand(release.namespace or DEFAULT_NAMESPACE, ("namespace",), needed=True),
            "version": str(release.version or "imported"),
            "needs": self._place.needs,
            "deadline": f"{int(deadline.total_seconds())}s",
            "sources": [{"chart": chart}],
            "images": {image: {} for image in sorted(images)},
            "values_files": paths,
            "set": given,
            "files": self._files(),
            "hooks": self._place.hooks,
        }
        spec = stack_of(data, document, namespace_prefix, self._templates.problems)
        return StackDraft(folder, spec, document, {}, (), read.files, values) if spec else None

    def _expand(self, text: str, key: KeyPath, *, needed: bool = False) -> str:
        return self._templates.expand(text, self._document, (*self._at, *key), needed=needed)

    def _chart(self) -> dict[str, str] | None:
        release = self._release
        remote = release.remote_chart or (release.chart_path if release.remote else None)
        key = "remoteChart" if release.remote_chart else "chartPath"
        version = {"version": self._expand(str(release.version), ("version",))} if release.version else {}
        self._places[("sources", 0, "chart")] = (*self._at, key)
        self._places[("sources", 0, "chart", "path")] = (*self._at, key)
        if remote is None:
            if release.chart_path is None:
                self._problem((), f"the release {release.name} has no chart", "add chartPath: FOLDER, or remoteChart")
                return None
            return {"path": self._expand(release.chart_path, (key,))}
        if remote.startswith("oci://"):
            if not version:
                self._problem((key,), "a chart from a registry needs a version", "add a line: version: …")
            return {"oci": remote, **version} if version else None
        if "://" in remote:
            hint = "fetch it into the repository (helm pull --untar) and write: chartPath: FOLDER"
            self._problem((key,), "a chart behind an address is not fetched", hint)
            return None
        return self._of_repository(remote, key, version)

    def _of_repository(self, remote: str, key: str, version: dict[str, str]) -> dict[str, str] | None:
        release = self._release
        if not release.repo:
            alias, _, chart = remote.rpartition("/")
            message = f"which repository {alias or remote} is, only your own Helm knows" if alias else "repo is missing"
            self._problem((key,), message, f"both tools take: remoteChart: {chart}, repo: https://…, version: …")
            return None
        if not version:
            self._problem((key,), "a chart from a repository needs a version", "add a line: version: …")
            return None
        return {"repository": self._expand(release.repo, ("repo",)), "name": remote, **version}

    def _set(self) -> dict[str, str]:
        """What is set, in Skaffold's order: plain values, then templates, each sorted by key."""
        release, found = self._release, dict[str, str]()
        for key, given in (("setValues", release.set_values), ("setValueTemplates", release.set_value_templates)):
            for name, text in sorted(flattened(given).items()):
                place = (*self._at, key, name) if name in given else (*self._at, key)
                self._places[("set", name)] = place
                found[self._for_set(name, place)] = self._for_set(text, place)
        return found | self._overridden()

    def _for_set(self, text: str, place: KeyPath) -> str:
        return self._templates.for_set(text, self._document, place)

    def _overridden(self) -> dict[str, str]:
        """`artifactOverrides` of v2 schemas, as Skaffold's own upgrade writes them."""
        strategy = self._release.image_strategy
        helm = strategy.get("helm") if isinstance(strategy, dict) else None
        found: dict[str, str] = {}
        for key, artifact in flattened(self._release.artifact_overrides).items():
            place = (*self._at, "artifactOverrides", key)
            if artifact not in self._templates.artifacts:
                found[key] = go_templates.literal(artifact)
                self._templates.notes.append(
                    Note.at(self._document, place, f"{artifact} is no artifact", "the chart is given the name as it is")
                )
                continue
            image = suffix(self._templates.artifacts[artifact])
            self._places[("set", key)] = place
            if isinstance(strategy, dict) and "helm" in strategy:
                explicit = isinstance(helm, dict) and helm.get("explicitRegistry")
                repository = "IMAGE_REPO_NO_DOMAIN" if explicit else "IMAGE_REPO"
                found[f"{key}.repository"] = f"{{{{.{repository}_{image}}}}}"
                found[f"{key}.tag"] = f"{{{{.IMAGE_TAG_{image}}}}}"
                found |= {f"{key}.registry": f"{{{{.IMAGE_DOMAIN_{image}}}}}"} if explicit else {}
            else:
                found[key] = f"{{{{.IMAGE_FULLY_QUALIFIED_{image}}}}}"
        return found

    def _files(self) -> dict[str, str]:
        self._places[("files",)] = (*self._at, "setFiles")
        return dict(self._release.set_files)

    def _chart_values(self, folder: StackFolder) -> Values:
        """What a chart in a folder has itself."""
        path = self._release.chart_path
        found = folder.boundary.look(folder.root, f"{path}/values.yaml", "file") if path else None
        if found is None or isinstance(found, PathProblem) or (read := read_yaml(found, empty="")).document is None:
            return {}
        data: Values = read.document.data()
        return data

    def _problem(self, key: KeyPath, message: str, hint: str) -> None:
        self._templates.problems.append(self._document.problem((*self._at, *key), message, hint))


def flattened(values: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Nested values as keys of `--set`, as Skaffold's `FlatMap` reads them."""
    found: dict[str, str] = {}
    for key, value in values.items():
        found |= _flat(f"{above}.{key}" if above else key, value)
    return found


def _flat(key: str, value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return flattened(value, key)
    if isinstance(value, list):
        return {name: text for index, item in enumerate(value) for name, text in _flat(f"{key}[{index}]", item).items()}
    if isinstance(value, bool):
        return {key: str(value).lower()}
    return {key: "null" if value is None else str(value)}


def _values_of(name: str, flags: Sequence[str]) -> Iterator[str]:
    for index, flag in enumerate(flags):
        head, sign, text = flag.partition("=")
        if head == name:
            yield text if sign else "".join(flags[index + 1 : index + 2])


def _go_duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    if not found or not text:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) or None
