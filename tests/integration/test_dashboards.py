"""What the built-in dashboards ask is PromQL: promtool of the image that the stack runs says so."""

from __future__ import annotations

import io
import tarfile

import pytest
import yaml
from support.dashboards import BUILTIN, queries, variable_matchers
from support.images import provide

from devenv.adapters.docker import Engine

pytestmark = pytest.mark.engine


def test_every_query_of_every_dashboard_is_promql(engine: Engine, labels: dict[str, str]) -> None:
    asked = [text for file in BUILTIN for text in (*queries(file).values(), *variable_matchers(file))]
    # A rule whose expression cannot be parsed is refused by name.
    rules = [{"record": f"query:{index}", "expr": text} for index, text in enumerate(asked)]
    content = yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}).encode()
    container = engine.client.containers.create(
        provide("prometheus", engine),
        ["check", "rules", "/queries.yaml"],
        entrypoint="/bin/promtool",
        network_mode="none",
        labels=labels,
    )
    try:
        container.put_archive("/", _archive("queries.yaml", content))
        container.start()
        status = container.wait(timeout=60)["StatusCode"]
        assert status == 0, container.logs().decode()
        assert f"{len(asked)} rules found" in container.logs().decode()
    finally:
        engine.containers.remove([str(container.name)])


def _archive(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
