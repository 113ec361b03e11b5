"""Services out of Dockerfiles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from devenv.scaffold.found.dockerfile import Facts, Port, read_dockerfile
from devenv.scaffold.found.tree import Tree, of_tests
from devenv.scaffold.names import service_named
from devenv.scaffold.sketch import Entry, Left

_NAMED = re.compile(r"(?:Docker|Container)file(?:\.(?P<after>[\w.-]+))?|(?P<before>[\w.-]+)\.[Dd]ockerfile")
_MAIN = ("Dockerfile", "Containerfile")
_VARIANTS = frozenset(
    [
        "dev",
        "development",
        "local",
        "prod",
        "production",
        "release",
        "test",
        "tests",
        "ci",
        "debug",
        "base",
        "build",
        "builder",
    ]
)
_SOURCES = frozenset(
    [
        ".py",
        ".go",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".rb",
        ".rs",
        ".java",
        ".kt",
        ".php",
        ".cs",
        ".ex",
        ".exs",
        ".scala",
        ".env",
        ".toml",
        ".yaml",
    ]
)
_VOLUME = "1Gi"
_WRITABLE = "/tmp"  # noqa: S108 -- in the container, where each service has it
URL_VARIABLE = "DATABASE_URL"


@dataclass(frozen=True, slots=True)
class FoundService:
    """A service, and where it was found."""

    entry: Entry
    dockerfile: PurePosixPath
    context: PurePosixPath

    @property
    def build(self) -> Any:
        return self.entry.spec["build"]


def dockerfiles(tree: Tree, left: list[Left]) -> list[PurePosixPath]:
    """Those that make something of their own; variants of others, and those of tests, are left."""
    found = list[PurePosixPath]()
    for file in tree.files:
        match = _NAMED.fullmatch(file.name)
        if not match or file.name.endswith(".dockerignore"):
            continue
        beside = {name for name in tree.by_folder[file.parent] if name in _MAIN}
        variant = match["after"] or match["before"] or ""
        if folder := of_tests(file):
            left.append(Left(file, 1, f"a Dockerfile below {folder} is not taken for a service"))
        elif variant.lower() in _VARIANTS and beside:
            hint = f"to build it: build: {{context: {file.parent}, dockerfile: {file.name}}}"
            left.append(Left(file, 1, f"taken for a variant of {min(beside)}", hint))
        elif file.name == "Containerfile" and "Dockerfile" in beside:
            left.append(Left(file, 1, "the Dockerfile beside it is taken"))
        else:
            found.append(file)
    return found


def services(
    tree: Tree,
    files: Collection[PurePosixPath],
    *,
    project: str,
    taken: set[str],
    catalogue: Collection[str],
    left: list[Left],
) -> Iterator[FoundService]:
    """A service of each Dockerfile.

    Args:
        tree: where they are.
        files: the Dockerfiles.
        project: the project's name.
        taken: names that others have; gets those of the services.
        catalogue: names of devenv's own images.
        left: gets what is not taken of them.
    """
    for file in files:
        facts = read_dockerfile(tree.text(file))
        if not facts.stages:
            left.append(Left(file, 1, "no FROM is in it: no service"))
            continue
        name = service_named(_name(file, project), project, taken)
        taken.add(name)
        context = _context(tree, file, facts)
        build = _build(file, context, facts, catalogue, left)
        spec: dict[str, Any] = {"build": build, **_ports(facts)}
        if facts.ports and facts.health:
            spec["health"] = facts.health
        if volumes := [path for path in facts.volumes if path != _WRITABLE]:
            spec["volumes"] = dict.fromkeys(volumes, _VOLUME)
        left.extend(Left(file, line, message, "write the port by hand") for line, message in facts.unknown)
        comment = "" if facts.ports else "`port: NUMBER` gives it an address"
        if not facts.ports and not facts.unknown:
            left.append(Left(file, 1, f"no EXPOSE is in it: {name} has no port", "if it listens: port: NUMBER"))
        yield FoundService(Entry(name, spec, comment, origin=file), file, context)


def asks_for_database(tree: Tree, context: PurePosixPath) -> bool:
    """Whether sources in a folder name the variable with a database's address."""
    return any(
        URL_VARIABLE in tree.text(file)
        for file in tree.files
        if (file.suffix in _SOURCES or file.name.startswith(".env")) and file.is_relative_to(context)
    )


def _name(file: PurePosixPath, project: str) -> str:
    """After the folder, and what tells the file from others there."""
    match = _NAMED.fullmatch(file.name)
    variant = (match["after"] or match["before"] or "") if match else ""
    folders = [part for part in file.parent.parts if part.lower() not in ("docker", "build", "deploy", "cmd")]
    parts = [folders[-1] if folders else "", "" if variant.lower() in _VARIANTS else variant]
    return "-".join(part for part in parts if part) or project


def _context(tree: Tree, file: PurePosixPath, facts: Facts) -> PurePosixPath:
    """The folder's own, or the project's where what is copied is there and not here."""
    root = PurePosixPath()
    copied = [PurePosixPath(each.lstrip("/")) for each in facts.copied if not set(each) & set("*?[")]
    here = all(tree.has(file.parent / each) for each in copied)
    return file.parent if here or not all(tree.has(root / each) for each in copied) else root


def _build(
    file: PurePosixPath, context: PurePosixPath, facts: Facts, catalogue: Collection[str], left: list[Left]
) -> Any:
    bases: dict[str, str] = {}
    for argument, line in facts.bases:
        image = argument.lower().replace("_", "-")
        if image in catalogue:
            bases[argument] = image
        else:
            message = f"FROM ${{{argument}}}, and the argument has no value"
            left.append(Left(file, line, message, f"build: {{args: {{{argument}: IMAGE}}}} gives it one"))
    relative = file.relative_to(context)
    spec: dict[str, Any] = {"context": str(context)}
    if str(relative) != "Dockerfile":
        spec["dockerfile"] = str(relative)
    if bases:
        spec["bases"] = bases
    return spec if len(spec) > 1 else spec["context"]


def _ports(facts: Facts) -> Mapping[str, Any]:
    ports = tuple({port.number: port for port in facts.ports}.values())
    if len(ports) < 2:  # noqa: PLR2004 -- one alone is written short
        return {"port": ports[0].number} if ports else {}
    first, *more = ports
    return {"ports": {"http": first.number, **{f"port-{port.number}": _further(port) for port in more}}}


def _further(port: Port) -> Mapping[str, Any]:
    """What speaks on it nobody knows: TCP it is in any case."""
    return {"port": port.number, "protocol": "tcp"}
