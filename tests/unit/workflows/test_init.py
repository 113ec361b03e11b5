"""A project is begun in an empty folder, and over nothing that is there."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.begun_projects import DATA, GO_DOCKERFILE, begin, load, texts, write
from support.command import devenv

from devenv.errors import AlreadyThereError, FolderError, SpecError, UsageError
from devenv.errors.translation import as_devenv_error
from devenv.scaffold.languages import LanguageName, Wish
from devenv.workflows.scaffolding.init import (
    begin_from_folder,
    begin_from_template,
    folder_to_begin_in,
    name_of,
)
from devenv.workflows.scaffolding.trial import find

LANGUAGES: tuple[LanguageName, ...] = ("python", "go", "node", "java")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_product_in_an_empty_folder(tmp_path: Path, language: LanguageName) -> None:
    done = begin_from_template(tmp_path / "new", Wish("shop", language), DATA)

    assert set(texts(tmp_path / "new")) == {str(file.relative_to(tmp_path / "new")) for file in done.files}
    workspace = load(tmp_path / "new")
    assert {"api", "worker", "notes"} <= set(workspace.selected)
    lines = [line for line in done.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) <= 22


@pytest.mark.parametrize("language", ["python", "node"])
def test_what_devenv_yaml_suggests_is_taken(tmp_path: Path, language: LanguageName) -> None:
    done = begin_from_template(tmp_path, Wish("shop", language), DATA)
    lines = done.text.splitlines()
    suggested = [line for line in lines if line.startswith(("    # command:", "    # sync:"))]
    assert len(suggested) == 2

    (tmp_path / "devenv.yaml").write_text(
        "\n".join(line.replace("    # ", "    ") if line in suggested else line for line in lines)
    )

    (rule,) = load(tmp_path).project.services["api"].sync
    assert rule.restart
    dockerfile = (tmp_path / "api" / "Dockerfile").read_text()
    assert f"WORKDIR {rule.to}\n" in dockerfile
    assert f"COPY {rule.source} ./\n" in dockerfile
    command = load(tmp_path).project.services["api"].command
    assert f"CMD {json.dumps(command)}\n" in dockerfile


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_database_there_is_none(tmp_path: Path, language: LanguageName) -> None:
    begin_from_template(tmp_path, Wish("shop", language, worker=False, database="none"), DATA)

    workspace = load(tmp_path)
    assert not workspace.project.databases
    assert set(workspace.project.services) == {"api"}
    assert not (tmp_path / "db").exists()


# What somebody made of files that are all wrong in some way, and what is written of them all the same.
HOSTILE = {
    "a b: {x}/Dockerfile": "FROM a\nEXPOSE 80\n",
    "#no/Dockerfile": "FROM a\nEXPOSE 80\n",
    "- yes/Dockerfile": "FROM a\nEXPOSE 80\n",
    "ünï/Dockerfile": "FROM a\nEXPOSE 80\n",
    "日本/Dockerfile": "FROM a\nEXPOSE 80\n",
    "123/Dockerfile": "FROM a\nEXPOSE 80\n",
    "redis/Dockerfile": "FROM a\nEXPOSE 80\n",
    "a\nb/Dockerfile": "FROM a\nEXPOSE 80\n",
    "{project}/Dockerfile": "FROM a\nEXPOSE 80\n",
    "'\"/Dockerfile": "FROM a\nEXPOSE 80\n",
    "x" * 200 + "/Dockerfile": "FROM a\nEXPOSE 80\n",
    "empty/Dockerfile": "",
    "binary/Dockerfile": "\x00\x01\n",
}


def test_hostile_names(tmp_path: Path) -> None:
    for name in (b"\xff", b"a\xe9"):
        write(tmp_path / os.fsdecode(name), {"Dockerfile": "FROM a\n"})
    done = begin(tmp_path, HOSTILE)

    workspace = load(tmp_path)
    assert len(workspace.project.services) >= 10
    assert {each.name for each in done.sketch.services} == set(workspace.project.services)
    assert all(character.isprintable() or character == "\n" for character in done.text)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write(tmp_path, {"api/app.py": "mine\n", "db/migrations": "a file\n", "README.md": "mine\n"})
    before = texts(tmp_path)

    with pytest.raises(AlreadyThereError, match="nothing was changed") as raised:
        begin_from_template(tmp_path, Wish("shop", "python"), DATA)

    assert raised.value.context["api/app.py"] == "it is there already"
    assert raised.value.context["db/migrations/001_notes.sql"].endswith("db/migrations is no folder")
    assert raised.value.hint
    assert texts(tmp_path) == before


@pytest.mark.parametrize("name", ["devenv.yaml", "devenv.yml"])
def test_a_project_is_begun_once(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nowhere")

    with pytest.raises(AlreadyThereError):
        folder_to_begin_in(tmp_path)


def test_links_are_not_gone_through(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "shop", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "api").symlink_to("../elsewhere")

    with pytest.raises(AlreadyThereError) as raised:
        begin_from_template(root, Wish("shop", "go"), DATA)

    assert "is a link to ../elsewhere" in next(iter(raised.value.context.values()))
    assert not list(elsewhere.iterdir())


def test_a_link_to_a_folder_elsewhere_is_not_looked_into(tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/api/Dockerfile": GO_DOCKERFILE})
    root = tmp_path / "shop"
    root.mkdir()
    (root / "services").symlink_to("../elsewhere")

    assert find(root, DATA).sketch("shop").empty


def test_what_a_run_that_was_killed_has_left_is_no_obstacle(tmp_path: Path) -> None:
    begin_from_template(tmp_path, Wish("shop", "go"), DATA)
    (tmp_path / "devenv.yaml").unlink()
    (tmp_path / "api" / "go.mod").unlink()

    begin_from_template(tmp_path, Wish("shop", "go"), DATA)

    assert "api" in load(tmp_path).project.services


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        root = Path("/sys/kernel/shop")  # where not even root makes one
    else:
        root = tmp_path / "shop"
        tmp_path.chmod(0o500)
    try:
        with pytest.raises(OSError, match=r"Permission|permitted|Read-only") as raised:
            begin_from_template(root, Wish("shop", "go"), DATA)
    finally:
        tmp_path.chmod(0o700)

    error = as_devenv_error(raised.value)
    assert isinstance(error, FolderError)
    assert str(root) in error.message
    assert error.hint
    assert not root.exists()


def test_what_would_be_wrong_as_a_whole_is_told_and_not_written(tmp_path: Path) -> None:
    write(tmp_path, {"migrations/2_a.sql": "SELECT 1;\n", "migrations/10_a.sql": "SELECT 1;\n"})
    before = texts(tmp_path)

    with pytest.raises(SpecError) as raised:
        begin_from_folder(find(tmp_path, DATA), "shop", DATA)

    assert [str(problem.file) for problem in raised.value.problems] == ["migrations/10_a.sql"]
    assert texts(tmp_path) == before


@pytest.mark.parametrize(
    ("wanted", "better"), [("My Shop", "my-shop"), ("", "product"), ("-a", "a"), ("a" * 31, "a" * 30), ("é", "product")]
)
def test_a_name_that_cannot_be_one(tmp_path: Path, wanted: str, better: str) -> None:
    with pytest.raises(UsageError) as raised:
        name_of(tmp_path, wanted)

    assert raised.value.hint == f"for example --name {better}"


def test_a_dry_run_prints_the_file_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"api/Dockerfile": GO_DOCKERFILE})
    before = texts(tmp_path)

    done = devenv("init", "--dry-run", "--name", "shop", cwd=tmp_path)

    assert (done.status, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout)["services"]["api"] == {"build": "api", "port": 8080, "health": "/healthz"}
    assert texts(tmp_path) == before
    assert devenv("init", "--dry-run", "--yes", "new", cwd=tmp_path).status == 0
    assert texts(tmp_path) == before


def test_as_data(tmp_path: Path) -> None:
    write(tmp_path, {"api/Dockerfile": "FROM a\nEXPOSE 80/udp\n"})

    told = json.loads(devenv("init", "--json", "--name", "shop", cwd=tmp_path).stdout)

    assert told["written"] == [str(tmp_path / "devenv.yaml")]
    assert told["services"] == ["api"]
    (left,) = told["left"]
    assert (left["file"], left["line"]) == ("api/Dockerfile", 2)
    again = devenv("init", "--json", cwd=tmp_path)
    assert again.status == 2
    assert json.loads(again.stdout)["error"]["code"] == "already-there"


def test_nobody_is_asked_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = devenv("init", cwd=tmp_path)

    assert done.status == 2
    assert "hint: devenv init --language" in done.stderr
    assert not list(tmp_path.iterdir())
    assert devenv("init", "--language", "node", "--no-worker", "shop", cwd=tmp_path).status == 0
    assert set(load(tmp_path / "shop").project.services) == {"api"}
    assert devenv("validate", cwd=tmp_path / "shop").status == 0


def test_a_dialogue_asks_what_is_not_given(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"shop\nrust\ngo\nn\n\n")
    with subprocess.Popen(
        [sys.executable, "-m", "devenv", "init"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0, err
    assert "'rust' is not one of 'python', 'go', 'node', 'java'" in err
    assert str(tmp_path / "devenv.yaml") in out
    assert load(tmp_path).project.project == "shop"
    assert set(load(tmp_path).project.services) == {"api"}
    assert (tmp_path / "api" / "go.mod").is_file()
