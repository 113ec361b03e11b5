"""Artifacts of Skaffold as images of devenv.yaml.

Responsible for how each is built. An artifact whose name devenv.yaml has under `images` is left to it, which is the way
out for builders that are not known here.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.errors import Problem
from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.build_hooks import commands_of, names_image, tasks_before
from devenv.spec.imports.skaffold.file.build_config import (
    Artifact,
    CustomArtifact,
    CustomDependencies,
    DockerArtifact,
)
from devenv.spec.imports.skaffold.file.modules import Module
from devenv.spec.imports.skaffold.file.skaffold_model import HookItem
from devenv.spec.imports.skaffold.naming import image_name
from devenv.spec.imports.skaffold.syncing import sync_rules, workdir_of
from devenv.spec.imports.skaffold.variables import Templates
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import KeyPath, Node, plain_node

_BUILDERS = {
    "bazel": "bazel is not run by devenv",
    "buildpacks": "buildpacks are not run by devenv",
    "jib": "jib is not run by devenv",
    "kaniko": "kaniko builds within a cluster, which devenv does not",
    "ko": "ko is not run by devenv",
}
_NETWORKS = {"bridge": "default", "default": "default", "none": "none", "host": "host"}


@dataclass(frozen=True, slots=True)
class Written:
    """An artifact and where it is written."""

    module: Module
    at: KeyPath
    artifact: Artifact

    def problem(self, key: KeyPath, message: str, hint: str = "") -> Problem:
        """A problem with a key of it."""
        return self.module.document.problem((*self.at, *key), message, hint)

    def note(self, key: KeyPath, message: str, instead: str) -> Note:
        """A note on a key of it."""
        return Note.at(self.module.document, (*self.at, *key), message, instead)


def artifacts_of(modules: Sequence[Module]) -> Iterator[Written]:
    """All artifacts of an import, in the order in which Skaffold counts them."""
    for module in modules:
        for index, artifact in enumerate(module.config.build.artifacts):
            yield Written(module, ("build", "artifacts", index), artifact)


def image_names(written: Sequence[Written], catalogue: Collection[str], problems: list[Problem]) -> dict[str, str]:
    """Artifact to the name of devenv's image, each once.

    Args:
        written: the artifacts.
        catalogue: names of images that others use.
        problems: takes artifacts that are there twice.
    """
    names: dict[str, str] = {}
    first: dict[str, Written] = {}
    for one in written:
        image = one.artifact.image
        there = first.setdefault(image, one)
        if there is not one:
            where = f"{there.module.document.file.name}:{there.module.document.line(there.at)}"
            problems.append(one.problem(("image",), f"{image} is built already, by {where}", "leave one of them out"))
            continue
        name = image_name(image) or "image"
        while name in names.values() or name in catalogue:
            name = f"skaffold-{name}"
        names[image] = name
    return names


class Artifacts:
    """Translates artifacts into entries of `images`."""

    def __init__(
        self, root: Path, top: Path, names: dict[str, str], own: Collection[str], templates: Templates
    ) -> None:
        """`root` is the folder of devenv.yaml, `top` that of the first configuration; `own` are `images` there."""
        self._root, self._top, self._names, self._own, self._templates = root, top, names, own, templates

    def entries(self, written: Sequence[Written]) -> dict[str, Node]:
        """The images by name, as devenv.yaml would have them."""
        found: dict[str, Node] = {}
        for one in written:
            name = self._names.get(one.artifact.image, "")
            if name not in found and name not in self._own and (data := self._image(one)) is not None:
                found[name] = self._node(one, data)
        return found

    def tasks(self, written: Sequence[Written]) -> dict[str, Node]:
        """What runs before the builds of those that `entries` has, as tasks of devenv.yaml."""
        found: dict[str, Node] = {}
        for one in written:
            name, at = self._names.get(one.artifact.image, ""), ("hooks", "before")
            if name in self._own or not one.artifact.hooks.before:
                continue
            commands = self._commands(one, one.artifact.hooks.before)
            if any(map(names_image, commands)):
                told = "the image has no name before it is built"
                self._templates.notes.append(one.note(at, told, "SKAFFOLD_IMAGE is empty there"))
            for task, data in tasks_before(name, commands):
                found[task] = self._node(one, {key: (value, at) for key, value in data.items()})
        return found

    def _commands(self, one: Written, items: Sequence[HookItem]) -> list[dict[str, Any]]:
        return commands_of(items, folder=one.module.folder, top=self._top, root=self._root)

    def _image(self, one: Written) -> dict[str, tuple[Any, KeyPath]] | None:
        """Keys of an image with their places; None where it cannot be built."""
        artifact = one.artifact
        for builder, message in _BUILDERS.items():
            if getattr(artifact, builder) is not None:
                name = self._names[artifact.image]
                hint = f"give it a Dockerfile, in devenv.yaml: images: {{{name}: {{context: FOLDER}}}}"
                if builder == "kaniko":
                    hint = f"write docker in place of kaniko, in a profile if need be; or {hint}"
                self._templates.problems.append(one.problem((builder,), message, hint))
                return None
        if artifact.custom:
            return self._custom_keys(one, artifact.custom)
        return self._keys(one, artifact.docker or DockerArtifact())

    def _custom_keys(self, one: Written, custom: CustomArtifact) -> dict[str, tuple[Any, KeyPath]] | None:
        """What an image of a command says, with its places."""
        at: KeyPath = ("custom", "buildCommand")
        if not custom.build_command:
            self._templates.problems.append(one.problem(("custom",), "buildCommand is expected", "add it"))
            return None
        context = one.module.folder / one.artifact.context
        command = self._templates.expand(custom.build_command, one.module.document, (*one.at, *at))
        found: dict[str, tuple[Any, KeyPath]] = {
            "context": (Path(os.path.relpath(context, self._root)).as_posix(), ("context",)),
            "command": (command, at),
        }
        further: list[tuple[str, Any, KeyPath]] = [
            ("deps", self._deps(one, custom), ("custom", "dependencies")),
            ("bases", dict(self._bases(one)), ("requires",)),
            ("sync", self._sync(one, DockerArtifact()), ("sync",)),
            ("after", self._commands(one, one.artifact.hooks.after), ("hooks", "after")),
        ]
        return found | {key: (value, at) for key, value, at in further if value}

    def _deps(self, one: Written, custom: CustomArtifact) -> list[str]:
        """The paths that count; none where that is all of the context."""
        found = custom.dependencies or CustomDependencies()
        further = [key for key, value in (("ignore", found.ignore), ("command", found.command)) if value]
        patterns = any(set(path) & set("*?[{") for path in found.paths)
        if found.dockerfile is not None:
            further.append("dockerfile")
        if patterns:
            further.append("paths")
        for key in further:
            told = "patterns are not carried over" if key == "paths" else f"{key} is not carried over"
            instead = "all of the context counts, without what its .dockerignore leaves out"
            self._templates.notes.append(one.note(("custom", "dependencies", key), told, instead))
        return [] if further or "." in found.paths else [*found.paths]

    def _keys(self, one: Written, docker: DockerArtifact) -> dict[str, tuple[Any, KeyPath]]:
        """What a Dockerfile's image says, with its places."""
        artifact = one.artifact
        context = os.path.relpath(one.module.folder / artifact.context, self._root)
        found: dict[str, tuple[Any, KeyPath]] = {
            "context": (Path(context).as_posix(), ("context",)),
            "dockerfile": (docker.dockerfile, ("docker", "dockerfile")),
        }
        further: list[tuple[str, Any, KeyPath]] = [
            ("target", docker.target, ("docker", "target")),
            ("args", dict(self._arguments(one, docker)), ("docker", "buildArgs")),
            ("bases", dict(self._bases(one)), ("requires",)),
            ("network", docker.network and self._network(one, docker.network), ("docker", "network")),
            ("secrets", dict(self._secrets(one, docker)), ("docker", "secrets")),
            ("ssh", docker.ssh, ("docker", "ssh")),
            ("sync", self._sync(one, docker), ("sync",)),
            ("after", self._commands(one, one.artifact.hooks.after), ("hooks", "after")),
        ]
        found |= {key: (value, at) for key, value, at in further if value}
        return found

    def _sync(self, one: Written, docker: DockerArtifact) -> list[dict[str, Any]]:
        artifact = one.artifact
        if artifact.sync is None:
            return []
        context = one.module.folder / artifact.context
        workdir = workdir_of(context / docker.dockerfile, docker.target)
        rules, notes = sync_rules(artifact.sync, context, one.note, workdir)
        self._templates.notes += notes
        return rules

    def _arguments(self, one: Written, docker: DockerArtifact) -> Iterator[tuple[str, str]]:
        for key, text in docker.build_args.items():
            at = (*one.at, "docker", "buildArgs", key)
            if text is None:
                if key in self._templates.environ:
                    yield key, self._templates.environ[key]
                continue
            yield key, self._templates.expand(text, one.module.document, at)

    def _bases(self, one: Written) -> Iterator[tuple[str, str]]:
        for index, needed in enumerate(one.artifact.requires):
            if needed.image in self._names:
                yield needed.alias or needed.image, self._names[needed.image]
            else:
                hint = name_hint(needed.image, self._names, "artifacts")
                message = f"there is no artifact {needed.image}"
                self._templates.problems.append(one.problem(("requires", index, "image"), message, hint))

    def _network(self, one: Written, network: str) -> str:
        if network not in _NETWORKS:
            self._templates.notes.append(
                one.note(("docker", "network"), f"{network} is not carried over", "the build gets a network of its own")
            )
        return _NETWORKS.get(network, "default")

    def _secrets(self, one: Written, docker: DockerArtifact) -> Iterator[tuple[str, dict[str, str]]]:
        for secret in docker.secrets:
            if secret.env:
                yield secret.id, {"env": secret.env}
            elif secret.src:
                path = os.path.expanduser(secret.src)  # noqa: PTH111 -- a text is wanted, which may stay relative
                yield secret.id, {"file": str(Path(os.path.normpath(one.module.folder / path)))}
            else:
                yield secret.id, {"env": secret.id}

    def _node(self, one: Written, data: dict[str, tuple[Any, KeyPath]]) -> Node:
        document = one.module.document

        def line(key: KeyPath) -> int:
            return document.line((*one.at, *key))

        entries = {key: plain_node(value, line(at), ".".join(map(str, at))) for key, (value, at) in data.items()}
        return replace(Node(entries, line(("image",)), one.artifact.image), file=document.file)
