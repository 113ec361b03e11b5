"""A cluster that once was complete stays, whatever is lost around it, and is nobody else's without their saying so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.environment import Project, control_plane

pytestmark = pytest.mark.e2e


def test_what_is_lost_around_a_cluster_is_made_again_and_the_cluster_stays(
    environment: Project, tmp_path: Path
) -> None:
    before = control_plane(environment)
    environment.kubectl("-n", "default", "create", "configmap", "precious")

    elsewhere = Project(environment.root, {**environment.env, "XDG_STATE_HOME": str(tmp_path)})
    assert elsewhere.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []
    exported = Path(elsewhere.devenv("kubeconfig").stdout.strip())
    assert exported.is_relative_to(tmp_path)
    assert exported.stat().st_mode & 0o077 == 0

    kubeconfig = Path(environment.devenv("kubeconfig").stdout.strip())
    kubeconfig.write_text(
        kubeconfig.read_text().replace("certificate-authority-data: ", "certificate-authority-data: Q")
    )
    assert environment.status()["cluster"]["state"] == "running"

    environment.kubectl("-n", "default", "get", "configmap", "precious")
    environment.kubectl("-n", "default", "delete", "configmap", "precious")
    assert control_plane(environment) == before


def test_another_folder_of_the_name_is_told_and_has_to_say_adopt(environment: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "alt", environment.env)
    shutil.copytree(environment.root, other.root)
    before = control_plane(environment)
    for command in (("up", "--yes"), ("down", "--yes"), ("reset-db", "--yes"), ("db", "list")):
        refused = other.devenv(*command, expect=1)
        assert f"belongs to {environment.root}" in refused.stderr
        assert "--adopt" in refused.stderr
    assert str(environment.root) in other.devenv("up", "--plan").stderr
    assert str(environment.root) in other.status()["cluster"]["reason"]

    other.devenv("up", "--yes", "--adopt")
    assert f"belongs to {other.root}" in environment.devenv("db", "list", expect=1).stderr
    environment.devenv("up", "--yes", "--adopt")
    assert control_plane(environment) == before
