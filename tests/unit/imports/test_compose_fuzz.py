"""Whatever a Compose file holds, it is translated or refused as a specification: nothing else comes of it."""

from __future__ import annotations

import contextlib
import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.compose import imported

from devenv.errors import SpecError

WHOLE: dict[str, Any] = {
    "services": {
        "api": {
            "build": {"context": ".", "args": ["A=1"], "target": "x"},
            "command": "serve --port 80",
            "entrypoint": ["sh"],
            "environment": {"A": "1", "B": None},
            "env_file": ["a.env", {"path": "b.env", "required": False}],
            "ports": ["80:80", {"target": 81, "published": 82}],
            "expose": [90],
            "depends_on": {
                "db": {"condition": "service_healthy"},
                "job": {"condition": "service_completed_successfully"},
            },
            "healthcheck": {"test": ["CMD", "x"], "interval": "5s", "retries": 3},
            "volumes": ["data:/data", "./conf:/etc/conf:ro", {"type": "tmpfs", "target": "/t"}],
            "tmpfs": ["/run"],
            "configs": ["one", {"source": "one", "target": "/two"}],
            "secrets": ["token"],
            "deploy": {"replicas": 2, "resources": {"limits": {"cpus": "1", "memory": "1g"}}},
            "user": "1000:1000",
            "networks": {"default": {"aliases": ["other"]}},
            "links": ["db:database"],
            "profiles": [],
            "x-devenv": {"health": "/healthz"},
        },
        "job": {"image": "job:1", "extends": {"service": "db"}},
        "db": {"image": "postgres:16", "environment": ["POSTGRES_USER=u", "POSTGRES_DB=d"], "volumes": ["data:/more"]},
    },
    "volumes": {"data": None},
    "configs": {"one": {"content": "x"}},
    "secrets": {"token": {"environment": "TOKEN"}},
    "include": [],
}
FILES = {"a.env": "A=2\n", "conf/a.conf": "a\n", ".env": "TOKEN=t\n"}
VALUES = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "a:b:c:d", "/", "${A", "$A", "1-5", "../..", "data:/x", "\u0000", "ü"]
) | st.sampled_from(
    [
        [],
        [None],
        ["x", 1],
        [[]],
        [{}],
        ["80:80/udp"],
        {},
        {"x": None},
        {"x": {"y": 1}},
        {"source": "one"},
        {"target": 1},
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in below for place in places(child, (*path, key)))][1 if not path else 0 :]


@settings(max_examples=50, deadline=None)
@given(
    changes=st.lists(st.tuples(st.sampled_from(places(WHOLE)), VALUES), min_size=1, max_size=3),
    built_in=st.booleans(),
)
def test_a_file_with_anything_anywhere_is_read_or_refused(changes: list[tuple[Any, Any]], *, built_in: bool) -> None:
    compose = copy.deepcopy(WHOLE)
    for path, value in changes:
        target = compose
        try:
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = value
        except (LookupError, TypeError):
            continue
    databases = ", databases: built-in" if built_in else ""
    project = f"project: shop\nimports: {{compose: compose.yaml{databases}}}\n"
    # A SpecError is all that it may raise.
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(SpecError):
        imported(Path(folder), yaml.safe_dump(compose), FILES, project)


def test_the_file_is_right_as_long_as_nothing_is_changed(tmp_path: Path) -> None:
    workspace = imported(tmp_path, yaml.safe_dump(WHOLE), FILES)

    assert set(workspace.project.services) == {"api", "job", "db"}
