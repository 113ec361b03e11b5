"""Reads the configurations of one `skaffold.yaml`.

Responsible for what a file holds: which documents are configurations, and of a schema that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.skaffold.file.config import Config
from devenv.spec.imports.skaffold.texts import with_texts
from devenv.spec.read.validation import check
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import read_all_yaml

_KNOWN = re.compile(r"skaffold/(?:v2beta[0-9]+|v3|v3alpha[0-9]+|v4beta[0-9]+)")
_GUESS = "skaffold/v4beta13"
_DEFAULTS = {"apiVersion": _GUESS, "kind": "Config"}


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """One configuration as it is written."""

    document: Document
    config: Config
    index: int
    """Its place in the file."""

    @property
    def name(self) -> str:
        """What it calls itself; empty where it does not."""
        return self.config.metadata.name or ""


def read_configs(file: Path, problems: list[Problem]) -> list[ReadConfig]:
    """The configurations of a file, as far as they can be read; `problems` takes what is wrong."""
    found: list[ReadConfig] = []
    for index, read in enumerate(read_all_yaml(file, empty_hint=f"begin with: apiVersion: {_GUESS}")):
        problems.extend(read.problems)
        if read.document is None:
            continue
        document = _without_anchors(read.document)
        if wrong := list(_version_problems(document)):
            problems.extend(wrong)
            continue
        checked = check(with_texts(document, Config), Config, _DEFAULTS)
        problems.extend(checked.problems)
        if checked.model:
            found.append(ReadConfig(checked.document, checked.model, index))
    problems.extend(_repeated_names(found))
    return found


def _without_anchors(document: Document) -> Document:
    """Keys that begin with a dot only hold anchors for others, says Skaffold."""
    entries = document.root.value if isinstance(document.root.value, Mapping) else {}
    kept = {key: node for key, node in entries.items() if not key.startswith(".")}
    return replace(document, root=replace(document.root, value=kept))


def _version_problems(document: Document) -> Iterator[Problem]:
    kind, version = document.find(("kind",)), document.find(("apiVersion",))
    if kind and kind.value != "Config":
        yield document.problem(
            ("kind",), f"Config is expected, found {kind.value}", "this is no Skaffold configuration"
        )
    elif version is None:
        yield document.problem(("apiVersion",), "apiVersion is missing", f"add a line: apiVersion: {_GUESS}")
    elif not _KNOWN.fullmatch(str(version.value)):
        hint = "run: skaffold fix --overwrite" if str(version.value).startswith("skaffold/") else f"write: {_GUESS}"
        message = f"skaffold/v2beta1 to v4beta14 are known, found {version.value}"
        yield document.problem(("apiVersion",), message, hint)


def _repeated_names(configs: list[ReadConfig]) -> Iterator[Problem]:
    known: dict[str, ReadConfig] = {}
    for one in configs:
        if one.name and known.setdefault(one.name, one) is not one:
            at = ("metadata", "name")
            message = f"a configuration {one.name} is in this file already, on line {known[one.name].document.line(at)}"
            yield one.document.problem(at, message, "give one of the two another name")
