"""Reads the files with AWS seeds and merges them by name; the project's entries replace the built-in ones.

Responsible for what concerns several entries or files: names that are there twice, subscriptions to what does
not exist, keys that items lack, the code of functions, and the size of it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.errors import Problem
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.seeds import SECTIONS, Function, Secret, Seeds, Subscription, Table
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import read_yaml

MAX_JSON_BYTES = 900 * 1024
"""A Kubernetes Secret holds 1 MiB, and the code that applies the seeds is in it too."""
_JSON_TYPES: dict[str, tuple[type, ...]] = {"S": (str,), "N": (int, float), "B": (str,)}


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file to read, and the folder that its paths must stay in."""

    path: Path
    boundary: Boundary


@dataclass(frozen=True, slots=True)
class _Entry:
    """One seed and where it was written."""

    seed: Any
    document: Document
    path: KeyPath

    def problem(self, below: KeyPath, message: str, hint: str = "") -> Problem:
        return self.document.problem((*self.path, *below), message, hint)


_Entries = dict[str, dict[str, _Entry]]
"""By section and name."""


@dataclass(frozen=True, slots=True)
class StackSecret:
    """A secret that a stack brings along, and where it says so."""

    secret: Secret
    document: Document
    path: KeyPath


def load_seeds(
    files: Sequence[SeedFile], namespace_prefix: str, secrets: Iterable[StackSecret] = ()
) -> tuple[Seeds, list[Problem]]:
    """The merged seeds of the files, later files over earlier ones, and all problems.

    Args:
        files: those of devenv, then the project's.
        namespace_prefix: the project's, for names of secrets that are named after the namespace of who reads them.
        secrets: those that stacks bring along, which go over devenv's and under the project's.
    """
    problems: list[Problem] = []
    merged: _Entries = {section: {} for section in SECTIONS}
    brought = _brought(secrets)
    for number, file in enumerate(files):
        if number == 1:
            merged["secrets"] |= brought
        read = read_yaml(file.path, empty="")
        problems.extend(read.problems)
        if read.document is None:
            continue
        checked = check(read.document, Seeds)
        problems.extend(checked.problems)
        if checked.model:
            seeds = checked.model.in_project(namespace_prefix)
            problems.extend(_merge(merged, seeds, checked.document, file))
    if len(files) <= 1:
        merged["secrets"] |= brought
    problems.extend(_inconsistencies(merged))
    seeds = Seeds(
        **{section: tuple(entry.seed for entry in entries.values()) for section, entries in merged.items() if entries}
    )
    if files and len(seeds.to_json()) > MAX_JSON_BYTES:
        problems.append(
            Problem(
                files[-1].path,
                1,
                "",
                f"all seeds together are larger than {MAX_JSON_BYTES // 1024} KiB",
                "seed less",
            )
        )
    return seeds, problems


def _brought(secrets: Iterable[StackSecret]) -> dict[str, _Entry]:
    """By name, in the order of the names: which stack brings one makes no difference to the document."""
    found = {each.secret.name: _Entry(each.secret, each.document, each.path) for each in secrets}
    return dict(sorted(found.items()))


def _merge(merged: _Entries, seeds: Seeds, document: Document, file: SeedFile) -> Iterator[Problem]:
    for section in SECTIONS:
        lines: dict[str, int] = {}
        for index, seed in enumerate(getattr(seeds, section)):
            entry = _Entry(seed, document, (section, index))
            if seed.name in lines:
                message = f"{seed.name} is there twice, first on line {lines[seed.name]}"
                yield entry.problem(("name",), message, "keep one of the two")
            lines.setdefault(seed.name, document.line((section, index)))
            if isinstance(seed, Function) and seed.path is not None:
                files = _folder_files(seed.path, file)
                if isinstance(files, PathProblem):
                    yield entry.problem(("path",), files.message, files.hint)
                    continue
                entry = _Entry(_with_files(seed, files), document, (section, index))
            merged[section][seed.name] = entry


def _with_files(function: Function, files: dict[str, str]) -> Function:
    """The function with its code inside: a path means nothing in the pod that applies the seeds."""
    rest = function.model_dump(exclude_unset=True, exclude={"path"})
    return Function(**rest, files=files)


def _folder_files(text: str, file: SeedFile) -> dict[str, str] | PathProblem:
    folder = file.boundary.look(file.path.parent, text, "folder")
    if isinstance(folder, PathProblem):
        return folder
    files: dict[str, str] = {}
    size = 0
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if "__pycache__" in path.parts or not path.is_file():
                continue
            size += path.stat().st_size
            if size > MAX_JSON_BYTES:
                return PathProblem(f"{text} holds more than {MAX_JSON_BYTES // 1024} KiB")
            files[name] = path.read_bytes().decode()
    except UnicodeDecodeError:
        return PathProblem(f"{text}/{name} is not UTF-8 text", "only text can be part of a function's code here")
    except OSError as error:
        return PathProblem(f"{text} cannot be read: {(error.strerror or str(error)).lower()}")
    return files or PathProblem(f"{text} holds no file")


def _inconsistencies(merged: _Entries) -> Iterator[Problem]:
    for entry in merged["topics"].values():
        for index, subscription in enumerate(entry.seed.subscriptions):
            yield from _subscription_problems(merged, entry, index, subscription)
    for entry in merged["tables"].values():
        yield from _item_problems(entry, entry.seed)


def _subscription_problems(
    merged: _Entries, entry: _Entry, index: int, subscription: Subscription
) -> Iterator[Problem]:
    for key, section, name in (
        ("queue", "queues", subscription.queue),
        ("function", "functions", subscription.function),
    ):
        if name is not None and name not in merged[section]:
            hint = name_hint(name, merged[section], f"seeded {section}")
            yield entry.problem(("subscriptions", index, key), f"there is no {key} {name}", hint)


def _item_problems(entry: _Entry, table: Table) -> Iterator[Problem]:
    keys = [table.key.hash, *([table.key.range] if table.key.range else [])]
    for index, item in enumerate(table.items):
        for name, kind in keys:
            value = item.get(name)
            if name not in item:
                yield entry.problem(("items", index), f"the item lacks {name}, which is part of the table's key")
            elif isinstance(value, bool) or not isinstance(value, _JSON_TYPES[kind]):
                wanted = "a number" if kind == "N" else "text"
                yield entry.problem(("items", index, name), f"{wanted} is expected, because the key's type is {kind}")
