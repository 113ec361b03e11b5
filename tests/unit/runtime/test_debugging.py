"""A workload under a debugger, as values."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.errors import UsageError
from devenv.runtime.debugging.attach import attach_configuration
from devenv.runtime.debugging.languages import FOLDER, Language, language_of, under_debugger
from devenv.runtime.debugging.pod_template import DEBUG_ANNOTATION, Debugging, debugged_template

LISTEN = ["-m", "debugpy", "--listen", "127.0.0.1:5678"]
DELVE = [f"{FOLDER}/dlv", "exec", "--headless", "--accept-multiclient", "--api-version=2", "--listen=127.0.0.1:2345"]


@pytest.mark.parametrize(
    ("language", "words", "made"),
    [
        ("python", ["python3", "-u", "app.py", "--port", "1"], ["python3", *LISTEN, "app.py", "--port", "1"]),
        ("python", ["/venv/bin/python3.13", "-m", "shop"], ["/venv/bin/python3.13", *LISTEN, "-m", "shop"]),
        ("python", ["gunicorn", "api:app"], ["python3", *LISTEN, "-m", "gunicorn", "api:app"]),
        ("python", ["sh", "-c", "exec flask run"], ["python3", *LISTEN, "-m", "flask", "run"]),
        ("node", ["node", "server.js", "-v"], ["node", "--inspect=127.0.0.1:9229", "server.js", "-v"]),
        ("go", ["/shop", "serve"], [*DELVE, "--continue", "/shop", "--", "serve"]),
    ],
)
def test_what_is_run_under_a_debugger(language: Language, words: list[str], made: list[str]) -> None:
    assert under_debugger(language, words, "api") == made
    assert language_of(words) == (None if language == "go" else language)


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
    with pytest.raises(UsageError, match=r"api runs .*, which no debugger can start"):
        under_debugger(language, words, "api")


def template() -> dict[str, Any]:
    return {
        "spec": {
            "containers": [
                {
                    "name": "api",
                    "image": "api:1",
                    "command": ["python3", "app.py"],
                    "args": ["x"],
                    "env": [{"name": "PYTHONPATH", "value": "/lib"}, {"name": "URL", "valueFrom": {}}],
                    "livenessProbe": {"tcpSocket": {"port": 1}},
                    "readinessProbe": {"tcpSocket": {"port": 1}},
                },
                {"name": "proxy", "image": "proxy:1", "livenessProbe": {"tcpSocket": {"port": 2}}},
            ],
            "initContainers": [{"name": "first", "image": "x:1"}],
        }
    }


def test_a_pod_gets_its_debugger_and_keeps_what_is_anothers() -> None:
    before = template()
    made = debugged_template(before, Debugging("python", "api", ["python3", "x"], "debugpy:1"))
    api, proxy = made["spec"]["containers"]

    assert before == template()
    assert made["metadata"]["annotations"] == {DEBUG_ANNOTATION: "python"}
    assert api["command"] == ["python3", "x"]
    assert not {"args", "livenessProbe", "readinessProbe"} & set(api)
    assert {entry["name"]: entry.get("value") for entry in api["env"]} == {
        "URL": None,
        "PYTHONPATH": f"{FOLDER}:/lib",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    assert proxy == before["spec"]["containers"][1]
    assert [each["name"] for each in made["spec"]["initContainers"]] == ["devenv-debug", "first"]


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
