"""kind on the real engine, as far as it takes no cluster; and as it is told what it has no option for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.programs import require_tool

from devenv.adapters.kind import Kind
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import Reference
from devenv.spec.versions import BALANCER


@pytest.mark.engine
def test_a_kind_that_was_killed_keeps_no_later_one_from_the_kubeconfig(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.with_suffix(".lock").touch()

    Kind(require_tool("kind")).delete("devenv-test-no-such-cluster", kubeconfig)

    assert not list(tmp_path.glob("*.lock"))


def test_the_catalogue_names_the_load_balancer_that_kind_wants() -> None:
    upstream = load_versions().images[BALANCER].upstream

    assert upstream
    assert upstream.encode() in require_tool("kind").read_bytes()


def test_it_is_told_when_the_nodes_are_configured_in_the_words_of_kind(tmp_path: Path) -> None:
    """Their containerd may be started anew until then."""
    assert "Writing configuration 📜".encode() in require_tool("kind").read_bytes()
    words = ("• Writing configuration 📜  ...", "✓ Writing configuration 📜", "• Starting control-plane 🕹️  ...")
    kind = program(tmp_path / "kind", "kind", "\n".join(f"echo ' {line}'" for line in words))
    heard: list[str] = []

    Kind(kind).create(
        "shop",
        "node:1",
        "",
        tmp_path / "kubeconfig",
        "shop",
        on_line=lambda line: heard.append(line.strip()),
        on_configured=lambda: heard.append("configured"),
    )

    assert heard == [words[0], "configured", *words[1:]]


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.mark.parametrize("image", [None, "localhost/devenv/envoy:v1.36.2-0123"])
def test_kind_takes_the_image_that_it_is_given_for_its_load_balancer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str | None
) -> None:
    """Word for word as kind says it otherwise, whatever the words contain."""
    upstream = str(load_versions().images[BALANCER].upstream)
    newer = f"{Reference.parse(upstream).repository}:v9"
    script = f"echo '$x  {upstream}' && \\ \"y\""
    reported = tmp_path / "reported"
    program(tmp_path / "engine", "docker", f"printf '<%s>\\n' \"$@\" >>{reported}")
    quoted = "'" + script.replace("'", "'\\''") + "'"
    kind = program(tmp_path / "kind", "kind", f"docker run --label '' {newer} bash -c {quoted}; docker ps")
    monkeypatch.setenv("PATH", f"{tmp_path / 'engine'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    Kind(kind).create("shop", "node:1", "", tmp_path / "kubeconfig", "shop", balancer_image=image)

    words = ["run", "--label", "", image or newer, "bash", "-c", script, "ps"]
    assert reported.read_text() == "".join(f"<{word}>\n" for word in words)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
