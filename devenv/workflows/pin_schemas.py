"""Writes `devenv/spec/kubernetes/*.json` anew: `python -m devenv.workflows.pin_schemas`.

Responsible for what is kept of Kubernetes' own OpenAPI and of the lives of its kinds. Both come from Go modules, whose
checksums stand here: Go asks its checksum database too. Nothing but the repository's developers run it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from devenv.errors import ToolMissingError
from devenv.images.build.modules import Module, fetch_with_go, go_on_path
from devenv.spec.kubernetes import schemas

RELEASES = (
    Module("k8s.io/kubernetes", "v1.34.4", "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk="),
    Module("k8s.io/kubernetes", "v1.35.3", "h1:J3dk2wybKFHwoH4eydDUGHJo4HAD+9CZbSlvk/YQuao="),
    Module("k8s.io/kubernetes", "v1.36.3", "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o="),
)
"""Those whose schemas are kept."""
API = Module("k8s.io/api", "v0.36.3", "h1:NxB+05W2UGqXWFXcLO0RB5cnqnUPP5v5sVlaOH0Iz4w=")
"""Where the lives of kinds are written down."""
_SWAGGER = "api/openapi-spec/swagger.json"
_NOT_NEEDED = {
    "description",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-unions",
}
_LIVES = "zz_generated.prerelease-lifecycle.go"
_MOMENT = re.compile(
    r"func \(in \*(?P<kind>\w+)\) APILifecycle(?P<what>Introduced|Deprecated|Removed)\(\) \(major, minor int\) \{\n"
    r"\treturn (?P<major>\d+), (?P<minor>\d+)\n"
)
_REPLACEMENT = re.compile(
    r"func \(in \*(?P<kind>\w+)\) APILifecycleReplacement\(\) schema.GroupVersionKind \{\n"
    r'\treturn schema.GroupVersionKind\{Group: "(?P<group>[^"]*)", Version: "(?P<version>\w+)", Kind: "(?P<of>\w+)"\}\n'
)


def compact(swagger: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions of an OpenAPI document that kinds of objects are made of, without what is for people."""
    definitions = swagger["definitions"]
    waiting = [name for name, made in definitions.items() if made.get(schemas.KIND) and _is_object(made)]
    kept = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += _references(definitions[name])
    return {name: _short(definitions[name]) for name in sorted(kept)}


def lives(api: Path) -> dict[str, dict[str, str]]:
    """`group/version Kind` to the versions of Kubernetes in which it was introduced, deprecated and removed."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(api.glob(f"*/*/{_LIVES}")):
        named = re.search(r'GroupName = "([^"]*)"', (file.parent / "register.go").read_text(encoding="utf-8"))
        group, text = named[1] if named else "", file.read_text(encoding="utf-8")
        for moment in _MOMENT.finditer(text):
            kind = found.setdefault(f"{_version(group, file.parent.name)} {moment['kind']}", {})
            kind[moment["what"].lower()] = f"{moment['major']}.{moment['minor']}"
        for instead in _REPLACEMENT.finditer(text):
            kind = found[f"{_version(group, file.parent.name)} {instead['kind']}"]
            kind["replacement"] = f"{_version(instead['group'], instead['version'])} {instead['of']}"
    return {name: life for name, life in sorted(found.items()) if not name.endswith("List")}


def write(folder: Path, fetch: Callable[[Module], Path]) -> None:
    """Write all files, of modules that `fetch` brings into folders."""
    for release in RELEASES:
        swagger = json.loads((fetch(release) / _SWAGGER).read_bytes())
        file = folder / schemas.file_of(release.version)
        file.write_text(_as_text(release, "definitions", compact(swagger)), encoding="utf-8")
    text = _as_text(API, "kinds", lives(fetch(API)))
    (folder / schemas.LIVES).write_text(text, encoding="utf-8")


def _fetch(module: Module) -> Path:
    """A module by the host's Go; raises ToolMissingError where there is none."""
    go = go_on_path()
    if go is None:
        raise ToolMissingError("go is not on PATH")
    return fetch_with_go(module, go, cancel=threading.Event())


def _as_text(module: Module, key: str, entries: Mapping[str, Any]) -> str:
    """JSON with an entry on each line: a change of one is a change of one line."""
    source = f"{module.path}@{module.version} {module.checksum}"
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(e, separators=(',', ':'))}" for name, e in entries.items())
    return f'{{"source":{json.dumps(source)},\n"{key}":{{\n{lines}\n}}}}\n'


def _version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def _is_object(definition: Mapping[str, Any]) -> bool:
    """Whether it is what manifests hold: options of requests and lists are not."""
    return {"metadata", "apiVersion"} <= set(definition.get("properties", ())) and not any(
        made["kind"].endswith("List") for made in definition[schemas.KIND]
    )


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _short(value: Any, *, names: bool = False) -> Any:
    """A schema without what nothing is checked by; `names` tells that the keys are names of fields."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept: Iterable[str] = value if names else (key for key in value if key not in _NOT_NEEDED)
    return {key: _short(value[key], names=key == "properties" and not names) for key in kept}


if __name__ == "__main__":
    write(Path(schemas.__file__).parent, _fetch)
    sys.stderr.write("written; compare with git diff\n")
