"""How artifacts of a Skaffold configuration are built: by Docker or a command, with commands before and after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.skaffold import config


def test_how_an_artifact_is_built_is_carried_over(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_EDITION", "big")
    body = (
        "build:\n  artifacts:\n    - image: a\n      context: app\n"
        "      docker:\n        dockerfile: other.Dockerfile\n        target: run\n"
        "        network: none\n        ssh: default\n        noCache: true\n"
        "        buildArgs: {EDITION: '{{.SHOP_EDITION}}', SHOP_EDITION: null, HOST: '{{.SHOP_NOBODY}}'}\n"
        "        secrets: [{id: npmrc, src: ~/.npmrc}, {id: token, env: SHOP_TOKEN}, {id: near, src: near.txt}]\n"
    )
    workspace = repository({"skaffold.yaml": config(body), "app/other.Dockerfile": "FROM scratch AS run\n"})
    image = workspace.project.images["a"]
    assert (image.context, image.dockerfile, image.target) == ("app", "other.Dockerfile", "run")
    assert (image.network, image.ssh) == ("none", "default")
    assert image.args == {"EDITION": "big", "SHOP_EDITION": "big", "HOST": ""}
    assert image.secrets["npmrc"].file == str(Path("~/.npmrc").expanduser())
    assert image.secrets["near"].file == str(workspace.root / "near.txt")
    assert image.secrets["token"].env == "SHOP_TOKEN"
    told = " ".join(note.line_in(workspace.root) for note in workspace.notes)
    assert "docker.noCache: not carried over" in told
    assert "the variable SHOP_NOBODY is not set; it is empty" in told


def test_a_custom_artifact_is_built_by_its_command(repository: Any) -> None:
    body = (
        "build:\n  artifacts:\n"
        "    - {image: shop/api, context: app, requires: [{image: shop/base, alias: BASE}], "
        "custom: {buildCommand: ./build.sh --fast, dependencies: {paths: [src, go.mod]}}}\n"
        "    - {image: shop/base, context: app, custom: {buildCommand: make, dependencies: {paths: ['**/*.go']}}}\n"
    )
    files = {"app/src/main.go": "package main\n", "app/go.mod": "module a\n"}
    workspace = repository({"skaffold.yaml": config(body), **files})

    api, base = (workspace.project.images[name] for name in ("shop-api", "shop-base"))
    assert (api.command, api.deps, api.bases) == ("./build.sh --fast", ("src", "go.mod"), {"BASE": "shop-base"})
    assert api.shown == "./build.sh --fast (in app)"
    assert (base.command, base.deps) == ("make", ())
    assert [note.message for note in workspace.notes] == ["patterns are not carried over"]


def test_hooks_of_a_build_are_a_task_before_it_and_commands_after_it(repository: Any) -> None:
    hooks = (
        "{before: [{command: [make, gen], dir: app}, {command: [sh, -c, 'echo $SKAFFOLD_IMAGE']},"
        " {command: [dir], os: [windows]}], after: [{command: [make, scan]}]}"
    )
    body = f"build: {{artifacts: [{{image: shop/api, context: app, hooks: {hooks}}}]}}\n"
    workspace = repository({"skaffold.yaml": config(body), "app/Dockerfile": "FROM scratch\n"})

    tasks = workspace.project.tasks
    assert {name: (task.run, task.dir, task.needs) for name, task in tasks.items()} == {
        "before-shop-api": (("make", "gen"), "app", ()),
        "before-shop-api-2": (("sh", "-c", "echo $SKAFFOLD_IMAGE"), ".", ("before-shop-api",)),
    }
    assert workspace.project.images["shop-api"].host_commands == ("make scan",)
    assert [note.message for note in workspace.notes] == ["the image has no name before it is built"]


def test_hooks_of_all_builds_together_are_told(repository: Any) -> None:
    body = "build: {artifacts: [{image: api, context: app}], hooks: {before: [{command: [make]}]}}\n"
    workspace = repository({"skaffold.yaml": config(body), "app/Dockerfile": "FROM scratch\n"})

    assert [note.key for note in workspace.notes] == ["build.hooks"]
