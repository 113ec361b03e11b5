"""What programs on this machine get to know of an environment, and other programs on its cluster and its secrets."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.databases import address_of
from support.environment import Project

pytestmark = pytest.mark.e2e
NAME = "alt-apps/alt-backend"


@pytest.fixture
def seeded(environment: Project) -> Iterator[Project]:
    """The environment, whose LocalStack is back to its seeds afterwards."""
    yield environment
    environment.devenv("reset-db", "localstack", "--yes")


def secret_in_cluster(environment: Project, namespace: str, name: str) -> dict[str, str]:
    found: dict[str, Any] = json.loads(environment.kubectl("-n", namespace, "get", "secret", name, "-o", "json"))
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


def test_a_shell_gets_everything_that_programs_need(environment: Project) -> None:
    given: dict[str, str] = json.loads(environment.devenv("env", "--format", "json").stdout)
    assert given["KUBECONFIG"] == environment.devenv("kubeconfig").stdout.strip()
    assert given["POSTGRES_URL"] == address_of(environment, "postgres").url
    assert given["REDIS_URL"] == address_of(environment, "redis").url
    # Where there are several of them, none is the one that is meant.
    assert given["DATABASE_URL"] == given["POSTGRES_URL"]
    assert re.fullmatch(r"http://localstack\..*\.localhost:\d+", given["AWS_ENDPOINT_URL"])
    assert re.fullmatch(r"http://s3\..*\.localhost:\d+", given["AWS_ENDPOINT_URL_S3"])
    shell = environment.devenv("env")
    assert f"export POSTGRES_URL={given['POSTGRES_URL']}" in shell.stdout
    assert "unset AWS_PROFILE" in shell.stdout


def test_kubectl_and_helm_reach_this_cluster_and_no_other(environment: Project, tmp_path: Path) -> None:
    foreign = Project(
        environment.root, {**environment.env, "KUBECONFIG": str(tmp_path / "none"), "HELM_NAMESPACE": "x"}
    )
    named = foreign.devenv("kubectl", "get", "namespace", "alt-apps", "-o", "jsonpath={.metadata.name}")
    assert named.stdout == "alt-apps"
    # What looks like devenv's own is not, and what stands behind a double dash arrives there.
    inside = foreign.devenv(
        "kubectl",
        "--namespace",
        "alt-database",
        "exec",
        "statefulset/redis",
        "--",
        "sh",
        "-c",
        "echo '--' \"$1\"",
        "--",
        "-h",
    )
    assert inside.stdout == "-- -h\n"
    assert foreign.devenv("kubectl", "get", "pod", "none", expect=1).stderr.startswith("Error from server (NotFound)")
    releases = json.loads(foreign.devenv("helm", "list", "--namespace", "alt-apps", "-o", "json").stdout)
    assert [release["name"] for release in releases] == ["alt-backend"]


def test_the_aws_command_line_of_the_user_gets_this_localstack(environment: Project, tmp_path: Path) -> None:
    without = environment.devenv("aws", "s3", "ls", expect=None)
    if without.status == 3:
        assert "hint: pipx install awscli" in without.stderr
    program = tmp_path / "aws"
    program.write_text('#!/bin/sh\necho "$AWS_ENDPOINT_URL $AWS_PROFILE $AWS_CONFIG_FILE $*"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    mine = Project(environment.root, {**environment.env, "PATH": path, "AWS_PROFILE": "real"})
    endpoint, config, *arguments = mine.devenv("aws", "s3", "ls", "--endpoint-url", "x").stdout.split()
    assert "localstack." in endpoint
    assert (config, arguments) == ("/dev/null", ["s3", "ls", "--endpoint-url", "x"])


def test_a_secret_that_is_set_is_in_the_cluster_when_the_command_ends(seeded: Project) -> None:
    rows = {row["name"]: row for row in json.loads(seeded.devenv("secrets", "list", "--json").stdout)}
    assert rows[NAME]["keys"] == ["greeting"]
    (follower,) = rows[NAME]["followed_by"]
    namespace, name = follower.split("/")
    before = secret_in_cluster(seeded, namespace, name)
    assert before["greeting"] == seeded.devenv("secrets", "get", NAME, "--key", "greeting").stdout.rstrip("\n")

    done = seeded.devenv("secrets", "set", NAME, "--key", "greeting", "--json", script="gr\u00fc\u00dfe $HOME\n")
    assert json.loads(done.stdout) == {"name": NAME, "change": "updated", "followed_by": [follower], "left": {}}
    assert done.seconds < 20
    assert secret_in_cluster(seeded, namespace, name)["greeting"] == "gr\u00fc\u00dfe $HOME"

    seeded.devenv("secrets", "set", "mine/token", script="of my own")
    assert seeded.devenv("secrets", "get", "mine/token").stdout == "of my own\n"
    refused = seeded.devenv("secrets", "set", "mine/token", "--key", "k", script="x", expect=2)
    assert "mine/token is one text" in refused.stderr
    assert "hint: did you mean" in seeded.devenv("secrets", "get", "mine/tokens", expect=2).stderr
    assert seeded.devenv("secrets", "set", "mine/token", script="\n", expect=2).stderr.count("cannot be empty") == 1
