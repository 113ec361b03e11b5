from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from devenv.images.nodes.content import NodeContent

MANIFEST, CONFIG = "sha256:" + "a" * 64, "sha256:" + "b" * 64
BLOBS = [f"blob {MANIFEST} 500", f"blob {CONFIG} 70"]


def reported(manifest: dict[str, Any] | None, labels: str = "-") -> list[str]:
    encoded = base64.b64encode(json.dumps(manifest).encode()).decode()
    return [*BLOBS, f"image {MANIFEST} 12.3 MiB linux/amd64 {labels}", f"manifest {encoded}"]


def test_blobs_come_with_their_sizes() -> None:
    content = NodeContent.parse([*BLOBS, "time=now level=warning msg=whatever", ""])
    assert content.sizes == {MANIFEST: 500, CONFIG: 70}
    assert content.blobs == {MANIFEST, CONFIG}
    assert not content.image_ids


def test_an_image_is_known_by_manifest_and_configuration() -> None:
    assert NodeContent.parse(reported({"config": {"digest": CONFIG}})).image_ids == {MANIFEST, CONFIG}


def test_a_configuration_that_is_gone_does_not_count() -> None:
    assert NodeContent.parse(reported({"config": {"digest": "sha256:gone"}})).image_ids == {MANIFEST}


@pytest.mark.parametrize("manifest", [{}, {"manifests": []}, {"config": None}])
def test_an_index_is_known_by_itself(manifest: dict[str, Any]) -> None:
    assert NodeContent.parse(reported(manifest)).image_ids == {MANIFEST}


def test_the_id_of_an_engine_is_noted_as_a_label() -> None:
    labels = "io.cri-containerd.image=managed,devenv.io/engine-id=sha256:index"
    assert "sha256:index" in NodeContent.parse(reported({"config": {"digest": CONFIG}}, labels)).image_ids


def test_a_name_whose_manifest_was_collected_is_no_image() -> None:
    lines = [line for line in reported({}) if not line.startswith("manifest")]
    assert not NodeContent.parse(lines).image_ids
