"""Several Compose files as one: over each other, included, extended, with anchors."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compose import imported, notes_of

from devenv.errors import SpecError
from devenv.spec.workspace import Workspace


def variables(workspace: Workspace, name: str) -> dict[str, object]:
    return dict(workspace.project.services[name].env)


def test_anchors_and_merges_are_as_in_yaml(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        x-common: &common
          image: shop
          environment: &env {A: "${A:-1}", B: "2"}
          x-nothing: here
        services:
          api: {<<: *common, command: serve}
          worker: {<<: *common, environment: {<<: *env, B: "3"}, command: work}
        """,
    )

    assert variables(workspace, "api") == {"A": "1", "B": "2"}
    assert variables(workspace, "worker") == {"A": "1", "B": "3"}
    assert workspace.project.services["worker"].args == ("work",)


def test_a_later_file_goes_over_an_earlier_one(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          api:
            image: one
            command: [serve, now]
            environment: [A=1, B=2]
            ports: ["80:80"]
            volumes: ["data:/data", "more:/more"]
            depends_on: [db]
            deploy: {replicas: 2}
          db: {image: postgres}
        """,
        {
            "more/over.yaml": "services:\n"
            "  api:\n"
            "    image: two\n"
            "    command: other\n"
            "    environment: {B: 3, C: 4}\n"
            "    ports: ['80:80', '81:81']\n"
            "    volumes: ['other:/data', './own.txt:/own.txt']\n"
            "    depends_on: {cache: {condition: service_healthy}}\n"
            "    env_file: own.env\n"
            "  cache: {image: redis}\n",
            "own.txt": "1\n",
            "own.env": "D=5\n",
        },
        "project: shop\nimports: {compose: [compose.yaml, more/over.yaml]}\n",
    )
    api = workspace.project.services["api"]

    assert (api.image, api.args, api.replicas) == ("two", ("other",), 2)
    assert api.env == {"D": "5", "A": "1", "B": "3", "C": "4"}
    assert [port.port for port in api.all_ports.values()] == [80, 81]
    assert api.volumes == {"/more": "1Gi", "/data": "1Gi"}
    assert api.files == {"/own.txt": "own.txt"}
    assert api.needs == ("db", "cache")


def test_services_extend_others_of_the_file_and_of_other_files(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          base: {image: base, environment: {A: 1, B: 1}, profiles: [never]}
          api: {extends: base, environment: {B: 2}}
          worker:
            extends: {service: job, file: parts/common.yaml}
            command: work
        """,
        {
            "parts/common.yaml": "services:\n"
            "  job: {extends: {service: root}, env_file: job.env, build: ., environment: {A: job}}\n"
            "  root: {environment: {A: root, R: '${R}'}, volumes: ['./rules.txt:/rules.txt']}\n",
            "parts/job.env": "E=e\n",
            "parts/rules.txt": "1\n",
            "parts/Dockerfile": "FROM scratch\n",
            ".env": "R=r\n",
        },
        "project: shop\nimports: {compose: compose.yaml, profiles: [never]}\n",
    )
    worker = workspace.project.services["worker"]

    assert variables(workspace, "api") == {"A": "1", "B": "2"}
    assert worker.build
    assert worker.build.context == "parts"
    assert worker.env == {"E": "e", "A": "job", "R": "r"}
    assert worker.files == {"/rules.txt": "parts/rules.txt"}


def test_included_files_have_folders_and_variables_of_their_own(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        include:
          - db/compose.yaml
          - {path: [parts/a.yaml, parts/b.yaml], project_directory: parts/folder}
        services:
          api: {image: api, depends_on: [db, part]}
        """,
        {
            "db/compose.yaml": "services: {db: {image: 'postgres:${TAG}', volumes: ['data:/var/lib/data']}}\n"
            "volumes: {data: }\n",
            "db/.env": "TAG=16\n",
            "parts/a.yaml": "services: {part: {image: a, env_file: x.env}}\n",
            "parts/b.yaml": "services: {part: {image: b}}\n",
            "parts/folder/x.env": "X=1\n",
        },
    )

    assert workspace.project.services["db"].image == "postgres:16"
    assert workspace.project.services["part"].image == "b"
    assert variables(workspace, "part") == {"X": "1"}
    assert {path.name for path in workspace.inputs} >= {"compose.yaml", ".env", "a.yaml", "b.yaml", "x.env"}


def test_a_variable_that_is_not_set_is_told_once(tmp_path: Path) -> None:
    workspace = imported(tmp_path, "services:\n  api: {image: 'x$TAG', environment: {A: '$TAG', B: '${OTHER:-x}'}}\n")

    (note,) = notes_of(workspace)
    assert note.startswith(
        "compose.yaml:2: services.api.image: the variable TAG is not set; it is empty; set it in .env"
    )


def test_what_is_wrong_in_an_included_file_is_told_there(tmp_path: Path) -> None:
    files = {"sub/compose.yaml": "services:\n  db:\n    image: postgres\n    prots: [1]\n    user: -1\n"}
    with pytest.raises(SpecError) as caught:
        imported(tmp_path, "include: [sub/compose.yaml]\nservices: {api: {image: x, replicas: 1}}\n", files)

    assert [(p.file.relative_to(tmp_path).as_posix(), p.line, p.key, p.message) for p in caught.value.problems] == [
        ("compose.yaml", 2, "services.api.replicas", "unknown key"),
        ("sub/compose.yaml", 4, "services.db.prots", "unknown key"),
    ]
