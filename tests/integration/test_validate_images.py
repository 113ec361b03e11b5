"""What `devenv validate` tells of images, with charts rendered by the real Helm."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from support.programs import require_tool

from devenv.adapters.process import Completed, run

EXAMPLE = Path(__file__).parents[2] / "examples" / "alt"
DEPLOYMENT = "stacks/04-core-services/alt-backend/chart/templates/deployment.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tool("helm")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "alt"))


def validate(project: Path) -> Completed:
    return run([sys.executable, "-m", "devenv", "validate", "--json"], cwd=project, check=False)


def change(project: Path, before: str, after: str) -> None:
    file = project / DEPLOYMENT
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_a_chart_that_takes_devenvs_image_is_fine(project: Path) -> None:
    done = validate(project)
    assert (done.status, done.stderr) == (0, "")
    assert json.loads(done.stdout)["warnings"] == []


def test_a_policy_that_pulls_a_local_image_is_told(project: Path) -> None:
    change(project, "imagePullPolicy: IfNotPresent", "imagePullPolicy: Always")
    done = validate(project)
    assert done.status == 0
    (warning,) = json.loads(done.stdout)["warnings"]
    assert warning.startswith("stack alt-backend: deployment alt-backend/alt-backend: imagePullPolicy is Always")
    assert warning in done.stderr


def test_latest_is_told(project: Path) -> None:
    change(project, "{{ .Values.image.tag }}", "latest")
    warnings = json.loads(validate(project).stdout)["warnings"]
    assert any("can be any build" in warning for warning in warnings)


def test_a_chart_that_cannot_be_rendered_is_told_with_its_cause(project: Path) -> None:
    change(project, "{{ .Values.replicas }}", "{{ required `replicas are needed` .Values.nothing }}")
    (warning,) = json.loads(validate(project).stdout)["warnings"]
    assert "replicas are needed" in warning
