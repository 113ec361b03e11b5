"""A project is begun: in an empty folder, or from what a folder holds."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from devenv.adapters.files.paths import data_root
from devenv.adapters.process import Completed, run
from devenv.errors import AlreadyThereError, FolderError, SpecError, UsageError
from devenv.errors.translation import as_devenv_error
from devenv.scaffold.languages import LanguageName, Wish
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace
from devenv.workflows.scaffolding.init import (
    Begun,
    begin_from_folder,
    begin_from_template,
    folder_to_begin_in,
    name_of,
)
from devenv.workflows.scaffolding.trial import find

DATA = data_root()
LANGUAGES: tuple[LanguageName, ...] = ("python", "go", "node", "java")
GO_DOCKERFILE = "FROM golang:1.26\nEXPOSE 8080\nHEALTHCHECK CMD wget http://localhost:8080/healthz\n"


def devenv(*arguments: str, cwd: Path) -> Completed:
    return run([sys.executable, "-m", "devenv", *arguments], cwd=cwd, check=False)


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def begin(root: Path, files: dict[str, str], *, dry_run: bool = False) -> Begun:
    write(root, files)
    return begin_from_folder(find(root, DATA), "shop", DATA, dry_run=dry_run)


def load(root: Path) -> Workspace:
    return load_workspace(root, data_root=DATA)


def written(root: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((root / "devenv.yaml").read_text(encoding="utf-8"))
    return found


def texts(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text(errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def told(done: Begun) -> list[str]:
    return [str(left) for left in done.sketch.left]


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


MONOREPO = {
    "services/api/Dockerfile": GO_DOCKERFILE,
    "services/api/main.go": 'os.Getenv("DATABASE_URL")\n',
    "services/web/Dockerfile": "ARG NODEJS\nFROM ${NODEJS}\nEXPOSE 3000 3000 9229\nVOLUME /data /tmp\n",
    "services/web/Dockerfile.dev": "FROM node\n",
    "services/jobs/Dockerfile": "FROM alpine\nCOPY services/jobs/run.sh /\n",
    "services/jobs/run.sh": "echo\n",
    "postgres/Dockerfile": "FROM postgres:15\nEXPOSE 5432/tcp 53/udp\n",
    "db/migrations/001_items.sql": "CREATE TABLE items (id int);\n",
    "db/seeds/items.sql": "INSERT INTO items VALUES (1);\n",
    "tests/Dockerfile": "FROM alpine\n",
    "node_modules/x/Dockerfile": "FROM alpine\n",
    ".git/Dockerfile": "FROM alpine\n",
}


def test_dockerfiles_of_a_monorepo(tmp_path: Path) -> None:
    done = begin(tmp_path, MONOREPO)

    found = written(tmp_path)
    assert found["services"] == {
        "shop-postgres": {"build": "postgres", "port": 5432},
        "api": {
            "build": "services/api",
            "port": 8080,
            "health": "/healthz",
            "env": {"DATABASE_URL": {"database": "shop"}},
        },
        "jobs": {"build": {"context": ".", "dockerfile": "services/jobs/Dockerfile"}},
        "web": {
            "build": {"context": "services/web", "bases": {"NODEJS": "nodejs"}},
            "ports": {"http": 3000, "port-9229": {"port": 9229, "protocol": "tcp"}},
            "volumes": {"/data": "1Gi"},
        },
    }
    assert found["databases"] == {"shop": {"engine": "postgres", "migrations": "db/migrations", "seeds": "db/seeds"}}
    assert set(load(tmp_path).project.services) == {"api", "web", "jobs", "shop-postgres"}
    places = [line.partition(": ")[0] for line in told(done)]
    assert places == [
        "tests/Dockerfile:1",
        "services/web/Dockerfile.dev:1",
        "postgres/Dockerfile:2",
        "services/jobs/Dockerfile:1",
    ]


def test_compose(tmp_path: Path) -> None:
    done = begin(
        tmp_path,
        {
            "docker-compose.yml": "services:\n  web:\n    build: web\n  db:\n    image: postgres:15\n",
            "compose.override.yaml": "services: {}\n",
            "web/Dockerfile": GO_DOCKERFILE,
            "extra/Dockerfile": "FROM alpine\nEXPOSE 80\n",
        },
    )

    found = written(tmp_path)
    assert found["imports"] == {"compose": "docker-compose.yml"}
    assert found["services"] == {"extra": {"build": "extra", "port": 80}}
    assert load(tmp_path).project.project == "shop"
    assert (
        "compose.override.yaml:1: it is not imported; imports: {compose: [docker-compose.yml, compose.override.yaml]}"
        in (told(done))
    )


def test_a_compose_file_that_cannot_be_imported_is_told_and_its_dockerfiles_are_services(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "shop"
    root.mkdir()
    write(tmp_path, {"outside/compose.yaml": "services: {}\n"})
    (root / "compose.yaml").symlink_to("../outside/compose.yaml")

    done = begin(root, {"web/Dockerfile": GO_DOCKERFILE})

    assert "imports" not in written(root)
    assert "web" in load(root).project.services
    assert any(line.startswith("compose.yaml:") for line in told(done))


def test_skaffold(tmp_path: Path) -> None:
    source = DATA / "examples" / "skaffold-layers"
    shutil.copytree(source, tmp_path / "shop", ignore=shutil.ignore_patterns("devenv.yaml"))
    write(tmp_path / "shop", {"compose.yaml": "services: {}\n"})

    done = begin(tmp_path / "shop", {})

    found = written(tmp_path / "shop")
    assert found == {"project": "shop", "imports": {"skaffold": "skaffold/skaffold.yaml"}}
    names = set(load(tmp_path / "shop").imported)
    assert {"store", "frontend"} <= names
    lines = told(done)
    assert (
        "compose.yaml:1: skaffold/skaffold.yaml is imported, which may say the same; imports: {compose: compose.yaml}"
        in lines
    )
    assert any(line.startswith("skaffold/04-core-services/skaffold.yaml:13: ") for line in lines)


CHARTS = {
    "api/Dockerfile": GO_DOCKERFILE,
    "worker/Dockerfile": "FROM alpine\nEXPOSE 80\n",
    "charts/api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 1.2.3\ndescription: 'The API: all of it'\n",
    "charts/api/values.yaml": "image: {repository: x, tag: y}\n",
    "charts/api/charts/part/Chart.yaml": "apiVersion: v2\nname: part\nversion: 1.0.0\n",
    "charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
    "charts/redis/values.yaml": "a: 1\n",
    "charts/common/Chart.yaml": "apiVersion: v2\nname: common\ntype: library\nversion: 1.0.0\n",
    "charts/broken/Chart.yaml": "apiVersion: [\n",
}


def test_charts(tmp_path: Path) -> None:
    done = begin(tmp_path, CHARTS)

    found = written(tmp_path)
    assert found["stacks"] == [{"name": "api"}, {"name": "shop-redis"}]
    assert found["stack_paths"] == ["stacks"]
    assert found["services"] == {"worker": {"build": "worker", "port": 80}}
    stack = yaml.safe_load((tmp_path / "stacks/06-application/api/stack.yaml").read_text())
    assert stack["sources"] == [{"chart": {"path": "../../../charts/api"}}]
    assert stack["images"] == {
        "api": {"repository": "image.repository", "tag": "image.tag", "build": {"context": "../../../api"}}
    }
    assert stack["summary"] == "The API: all of it"
    assert {"api", "shop-redis", "worker"} <= set(load(tmp_path).selected)
    assert [line.partition(": ")[0] for line in told(done)] == ["charts/broken/Chart.yaml:2"]


def test_stacks_that_are_there_are_listed(tmp_path: Path) -> None:
    source = DATA / "examples" / "alt"
    files = {
        str(path.relative_to(source)): path.read_text()
        for path in source.rglob("*")
        if path.is_file() and path.name != "devenv.yaml"
    }

    begin(tmp_path, files)

    found = written(tmp_path)
    assert found["stacks"] == [{"name": "alt-backend"}]
    assert found["images"] == {"alt-backend": {"context": "alt-backend", "bases": {"GOLANG": "golang"}}}
    assert "alt-backend" in load(tmp_path).selected


MIGRATIONS = {
    "plain": ({"db/migrations/001_a.sql": "SELECT 1;\n"}, "db/migrations"),
    "Flyway": ({"src/main/resources/db/migration/V1__a.sql": "SELECT 1;\n"}, "src/main/resources/db/migration"),
    "Atlas": ({"schema/20260101_a.sql": "SELECT 1;\n", "schema/atlas.sum": "h1:x\n"}, "schema"),
    "up alone": ({"migrations/1_a.up.sql": "SELECT 1;\n"}, "migrations"),
    "Alembic": ({"api/alembic.ini": "\n"}, {"build": "api", "command": ["alembic", "upgrade", "head"]}),
    "Django": ({"api/manage.py": "import django\n"}, {"build": "api", "command": ["python", "manage.py", "migrate"]}),
    "Prisma": (
        {
            "api/prisma/schema.prisma": 'provider = "postgresql"\n',
            "api/prisma/migrations/1_a/migration.sql": "SELECT 1;\n",
        },
        {"build": "api", "command": ["npx", "prisma", "migrate", "deploy"]},
    ),
    "Rails": (
        {"api/config/application.rb": "require 'rails/all'\n", "api/db/migrate/1_a.rb": "\n"},
        {"build": "api", "command": ["bin/rails", "db:migrate"]},
    ),
}


@pytest.mark.parametrize("tool", MIGRATIONS)
def test_migrations_of(tmp_path: Path, tool: str) -> None:
    files, migrations = MIGRATIONS[tool]

    done = begin(tmp_path, {"api/Dockerfile": GO_DOCKERFILE, **files})

    (database,) = done.sketch.databases
    assert database.spec["migrations"] == migrations
    assert load(tmp_path).project.databases.keys() == {database.name}


@pytest.mark.parametrize(
    ("files", "place", "word"),
    [
        (
            {"m/migrations/1.sql": "\nCREATE TABLE a (\n id int AUTO_INCREMENT);\n"},
            "m/migrations/1.sql:3",
            "devenv add mysql",
        ),
        ({"m/migrations/1.sql": "CREATE TABLE a (id Int8)\nENGINE = MergeTree;"}, "m/migrations/1.sql:2", "clickhouse"),
        ({"migrations/1_a.up.sql": "", "migrations/1_a.down.sql": ""}, "migrations/1_a.down.sql:1", "golang-migrate"),
        ({"migrations/1_a.sql": "-- x\n-- +goose Up\n"}, "migrations/1_a.sql:2", "goose"),
        ({"s/V2__a.sql": "", "s/V10__a.sql": ""}, "s/V10__a.sql:1", "Flyway"),
        ({"s/V1__a.sql": "", "s/R__a.sql": ""}, "s/R__a.sql:1", "Flyway"),
        ({"migrations/2_a.sql": "", "migrations/10_a.sql": ""}, "migrations/10_a.sql:1", "as many digits"),
        ({"alembic.ini": "", "api/x": ""}, "alembic.ini:1", "no Dockerfile"),
    ],
)
def test_migrations_that_cannot_be_taken_are_told(tmp_path: Path, files: dict[str, str], place: str, word: str) -> None:
    done = begin(tmp_path, {"api/Dockerfile": GO_DOCKERFILE, **files})

    assert not done.sketch.databases
    assert "databases" not in written(tmp_path)
    (line,) = [line for line in told(done) if line.startswith(f"{place}: ")]
    assert word in line


def test_each_service_gets_the_database_beside_it(tmp_path: Path) -> None:
    files = {
        f"{name}/{path}": text
        for name in ("orders", "stock")
        for path, text in {
            "Dockerfile": GO_DOCKERFILE,
            "main.go": "DATABASE_URL",
            "migrations/1.sql": "SELECT 1;\n",
        }.items()
    }

    done = begin(tmp_path, {**files, "web/Dockerfile": GO_DOCKERFILE, "web/main.go": "DATABASE_URL"})

    spec = {each.name: each.spec.get("env") for each in done.sketch.services}
    assert spec == {
        "orders": {"DATABASE_URL": {"database": "orders-db"}},
        "stock": {"DATABASE_URL": {"database": "stock-db"}},
        "web": None,
    }
    assert any("web/Dockerfile:1: web asks for DATABASE_URL" in line for line in told(done))


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
