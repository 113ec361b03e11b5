"""Checksums of tools in the catalogue: how they get there, and that those that are there can be used."""

from __future__ import annotations

import yaml

from devenv.spec.load import VERSIONS_FILE
from devenv.spec.versions import Versions
from devenv.workflows.pin_tools import with_checksums

ONE, TWO = "a" * 64, "b" * 64


def document(text: str) -> Versions:
    return Versions.model_validate(yaml.safe_load(text))


def test_checksums_take_the_place_of_former_ones_and_nothing_else_changes() -> None:
    text = VERSIONS_FILE.read_text(encoding="utf-8")
    for tool in document(text).tools:
        pinned = with_checksums(text, tool, {"linux-arm64": TWO, "linux-amd64": ONE})
        former, found = document(text), document(pinned)
        assert list(found.tools[tool].sha256.items()) == [("linux-amd64", ONE), ("linux-arm64", TWO)]
        expected = {**former.tools, tool: former.tools[tool].model_copy(update={"sha256": found.tools[tool].sha256})}
        assert found == former.model_copy(update={"tools": expected})
        assert [line for line in pinned.splitlines() if "#" in line] == [
            line for line in text.splitlines() if "#" in line
        ]
        assert with_checksums(pinned, tool, {"linux-amd64": ONE, "linux-arm64": TWO}) == pinned
