"""Which workloads get a new image before Helm comes to them, and in which charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.runtime.steps.image_swap import _has_hooks, _new_images

NEW = "localhost/devenv/api:new"
WANTED = {"localhost/devenv/api": NEW}


def workload(**images: str) -> dict[str, Any]:
    containers = [{"name": name, "image": image} for name, image in images.items()]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def test_only_containers_of_another_tag_get_the_new_image() -> None:
    item = workload(main="localhost/devenv/api:old", same=NEW, other="redis:7", odd="sha256:0123")
    assert _new_images(item, WANTED) == {"main": NEW}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "deployment.yaml").write_text("kind: Deployment\n")
    (tmp_path / "README.md").write_text("it has no helm.sh/hook\n")
    return tmp_path


def test_a_chart_without_hooks_may_have_a_early_swap(chart: Path) -> None:
    assert not _has_hooks(chart)


@pytest.mark.parametrize("file", ["templates/migrate.yaml", "charts/database/templates/migrate.yaml"])
def test_a_chart_with_hooks_may_not(chart: Path, file: str) -> None:
    (chart / file).parent.mkdir(parents=True, exist_ok=True)
    (chart / file).write_text('annotations: {"helm.sh/hook": pre-upgrade}\n')
    assert _has_hooks(chart)


def test_what_cannot_be_looked_into_may_not(chart: Path) -> None:
    (chart / "charts").mkdir()
    (chart / "charts" / "database-1.0.0.tgz").write_bytes(b"")
    assert _has_hooks(chart)
    assert _has_hooks(Path("oci://example.org/chart"))
