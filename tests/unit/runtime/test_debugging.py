"""A workload under a debugger, as values."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from devenv.errors import NotDebuggableError
from devenv.labels import ANNOTATION_BORROWED
from devenv.runtime.debugging.attach import attach_configuration
from devenv.runtime.debugging.go_program import is_go, is_stripped, sections, source_root
from devenv.runtime.debugging.languages import FOLDER, Language, Program, listening, under_debugger
from devenv.runtime.debugging.pod_template import Debugging, debugged_template

LISTEN = ["-m", "debugpy", "--listen", "127.0.0.1:5678"]
DELVE = [f"{FOLDER}/dlv", "exec", "--headless", "--accept-multiclient", "--api-version=2", "--listen=127.0.0.1:2345"]
DELVE += ["--only-same-user=false"]
INSPECT = "--inspect=127.0.0.1:9229"
SUPERVISE = "/run/devenv-supervisor/supervise"


@pytest.mark.parametrize(
    ("language", "words", "made"),
    [
        ("python", ["python3", "-u", "app.py", "--port", "1"], ["python3", *LISTEN, "app.py", "--port", "1"]),
        ("python", ["/venv/bin/python3.13", "-m", "shop"], ["/venv/bin/python3.13", *LISTEN, "-m", "shop"]),
        ("python", ["gunicorn", "api:app"], ["python3", *LISTEN, "-m", "gunicorn", "api:app"]),
        ("python", ["/venv/bin/uvicorn", "api:app"], ["/venv/bin/python3", *LISTEN, "-m", "uvicorn", "api:app"]),
        ("python", ["./manage.py", "runserver"], ["python3", *LISTEN, "./manage.py", "runserver"]),
        ("python", ["sh", "-c", "exec flask run"], ["python3", *LISTEN, "-m", "flask", "run"]),
        ("python", [SUPERVISE, "python3", "app.py"], [SUPERVISE, "python3", *LISTEN, "app.py"]),
        ("python", ["tini", "--", "python3", "app.py"], ["tini", "--", "python3", *LISTEN, "app.py"]),
        ("node", ["node", "server.js", "-v"], ["node", INSPECT, "server.js", "-v"]),
        ("node", ["docker-entrypoint.sh", "node", "a.js"], ["docker-entrypoint.sh", "node", INSPECT, "a.js"]),
        ("go", ["/shop", "serve"], [*DELVE, "--continue", "/shop", "--", "serve"]),
    ],
)
def test_what_is_run_under_a_debugger(language: Language, words: list[str], made: list[str]) -> None:
    program = Program.of(words)
    assert under_debugger(language, program, "api") == made
    assert program.language == (None if language == "go" else language)


@pytest.mark.parametrize(
    ("language", "words", "made", "interpreter"),
    [
        (
            "python",
            ["tini", "/venv/bin/gunicorn", "api:app"],
            ["tini", "/venv/bin/python3", *LISTEN, "--wait-for-client", "-m", "gunicorn", "api:app"],
            "/venv/bin/python3",
        ),
        ("node", ["node", "server.js"], ["node", "--inspect-brk=127.0.0.1:9229", "server.js"], "node"),
        ("go", ["/shop", "serve"], [*DELVE, "/shop", "--", "serve"], ""),
    ],
)
def test_what_waits_for_its_debugger_is_asked_whether_that_listens_by_its_own_interpreter(
    language: Language, words: list[str], made: list[str], interpreter: str
) -> None:
    program = Program.of(words)

    assert under_debugger(language, program, "api", waits=True) == made
    assert listening(language, program)[:1] == ([interpreter] if interpreter else [])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("python", ["sh", "-c", "migrate && python3 app.py"]),
        ("python", ["/entrypoint.sh"]),
        ("node", ["npm", "start"]),
        ("go", ["sh", "-c", "shop | tee log"]),
        ("go", []),
    ],
)
def test_what_no_debugger_can_start_is_told(language: Language, words: list[str]) -> None:
    with pytest.raises(NotDebuggableError, match=r"api runs .*, which .* cannot start") as refused:
        under_debugger(language, Program.of(words), "api")
    assert refused.value.code == "not-debuggable"
    assert "command: [" in refused.value.hint


def template() -> dict[str, Any]:
    asked = {"tcpSocket": {"port": 1}, "periodSeconds": 1}
    return {
        "spec": {
            "containers": [
                {
                    "name": "api",
                    "image": "api:1",
                    "command": ["python3", "app.py"],
                    "args": ["x"],
                    "env": [{"name": "PYTHONPATH", "value": "/lib"}, {"name": "URL", "valueFrom": {}}],
                    "livenessProbe": asked,
                    "readinessProbe": {**asked, "failureThreshold": 3, "successThreshold": 2},
                },
                {"name": "proxy", "image": "proxy:1", "livenessProbe": asked},
            ],
            "initContainers": [{"name": "first", "image": "x:1"}],
        }
    }


def test_a_pod_gets_its_debugger_and_keeps_what_is_anothers() -> None:
    before = template()
    made = debugged_template(before, Debugging("python", "api", ["python3", "x"], "debugpy:1"))
    api, proxy = made["spec"]["containers"]

    assert before == template()
    assert made["metadata"]["annotations"] == {ANNOTATION_BORROWED: "python"}
    assert api["command"] == ["python3", "x"]
    assert "args" not in api
    assert {entry["name"]: entry.get("value") for entry in api["env"]} == {
        "URL": None,
        "PYTHONPATH": f"{FOLDER}:/lib",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    assert proxy == before["spec"]["containers"][1]
    assert [each["name"] for each in made["spec"]["initContainers"]] == ["devenv-debug", "first"]


def test_a_pod_is_asked_until_it_has_answered_once() -> None:
    api = debugged_template(template(), Debugging("python", "api", ["x"]))["spec"]["containers"][0]

    assert not {"livenessProbe", "readinessProbe"} & set(api)
    asked = {"tcpSocket": {"port": 1}, "periodSeconds": 1}
    assert api["startupProbe"] == {**asked, "failureThreshold": 1_000_000, "successThreshold": 1}


@pytest.mark.parametrize("command", [["python3", "-c", "x"], []])
def test_a_pod_that_waits_is_asked_for_nothing_but_its_debugger(command: list[str]) -> None:
    debugging = Debugging("python", "api", ["x"], waits=True, listening=command)
    api = debugged_template(template(), debugging)["spec"]["containers"][0]

    assert not {"livenessProbe", "readinessProbe"} & set(api)
    if command:
        assert api["startupProbe"]["exec"] == {"command": command}
        assert api["startupProbe"]["failureThreshold"] == 1_000_000
    else:
        assert "startupProbe" not in api


def test_what_the_image_has_in_its_path_of_modules_stays() -> None:
    bare = template()
    bare["spec"]["containers"][0]["env"] = []
    debugging = Debugging("python", "api", ["x"], image_variables={"PYTHONPATH": "/srv/lib"})
    env = debugged_template(bare, debugging)["spec"]["containers"][0]["env"]

    assert {"name": "PYTHONPATH", "value": f"{FOLDER}:/srv/lib"} in env


def test_nodes_own_debugger_takes_no_files_along() -> None:
    made = debugged_template(template(), Debugging("node", "api", ["node"]))

    assert "volumes" not in made["spec"]
    assert made["spec"]["initContainers"] == template()["spec"]["initContainers"]


@pytest.mark.parametrize(
    ("language", "keys"),
    [
        ("python", {"connect": {"host": "127.0.0.1", "port": 4000}, "type": "debugpy"}),
        ("node", {"address": "127.0.0.1", "port": 4000, "localRoot": "${workspaceFolder}/api"}),
        ("go", {"mode": "remote", "substitutePath": [{"from": "${workspaceFolder}/api", "to": "/srv"}]}),
    ],
)
def test_an_editor_is_told_how_to_attach(language: Language, keys: dict[str, object]) -> None:
    made = attach_configuration(language, "api", 4000, "api", "/srv")

    assert made.items() >= keys.items()
    assert made["request"] == "attach"


def elf(*names: str) -> bytes:
    """A file of the format with nothing but sections of these names: elf(5)."""
    all_names = [*names, ".shstrtab"]
    text = b"\0" + b"".join(name.encode() + b"\0" for name in all_names)
    places = [text.index(f"\0{name}\0".encode()) + 1 for name in all_names]
    counts = (64, 0, 0, 64, len(places), len(places) - 1)
    head = struct.pack("<16sHHIQQQI6H", b"\x7fELF\x02\x01", 2, 62, 1, 0, 0, 64 + len(text), 0, *counts)
    table = [struct.pack("<IIQQQQIIQQ", place, 3, 0, 0, 64, len(text), 0, 0, 0, 0) for place in places]
    return head + text + b"".join(table)


def test_a_program_of_go_is_told_and_whether_there_is_anything_to_debug() -> None:
    assert is_go(elf(".text", ".go.buildinfo"))
    assert not is_go(elf(".text"))
    assert not is_go(b"#!/bin/sh\n")
    assert is_stripped(elf(".go.buildinfo"))
    assert not is_stripped(elf(".go.buildinfo", ".zdebug_info"))


def test_a_file_that_is_cut_short_has_no_sections() -> None:
    whole = elf(".text")
    assert sections(whole) == {".text", ".shstrtab"}
    assert not any(sections(whole[:length]) for length in range(len(whole)))


@pytest.mark.parametrize("root", ["/source", "example.com/shop"])
def test_the_folder_that_a_program_was_built_in_is_told_from_its_own_sources(root: str) -> None:
    others = ["/usr/lib/go/src/cmd/main.go", "/go/pkg/mod/example.com/other@v1/main.go"]
    table = "\0".join(["", *others, f"{root}/main.go", f"{root}/store/rows.go", ""]).encode()

    assert source_root(table, ["main.go", "store/rows.go", "never_built.go"]) == root
    assert source_root(table, ["elsewhere.go"]) == ""
