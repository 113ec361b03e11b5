"""How the program ends, tried on real processes: status, streams, reports, closed pipes, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PRELUDE = """
import sys, time
from pathlib import Path
from devenv.cli.boundary import error_boundary
from devenv.errors import *
AS_JSON = "--json" in sys.argv
"""


def command(body: str, *arguments: str) -> list[str]:
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return [sys.executable, "-c", f"{PRELUDE}\nwith error_boundary(as_json=AS_JSON):\n{indented}", *arguments]


@pytest.fixture
def environment(own_home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(own_home), "PYTHONPATH": str(REPOSITORY)}


def run(body: str, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(body, *arguments), env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        ('WorkloadError("x")', 1),
        ('SpecError([Problem(Path("a"), 1, "", "x")])', 2),
        ('ToolMissingError("x")', 3),
        ('InterruptedRunError("x")', 130),
        ('OSError(28, "No space left on device")', 1),
        ('PermissionError(13, "Permission denied", "/there")', 1),
        ('NotADirectoryError(20, "Not a directory", "/there")', 1),
        ('OSError(40, "Too many levels of symbolic links", "/there")', 1),
        ("SystemExit(5)", 5),
        ("KeyboardInterrupt()", 130),
    ],
)
def test_every_error_has_its_exit_status(raised: str, status: int, environment: dict[str, str]) -> None:
    done = run(f"raise {raised}", environment)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr


def test_errors_go_to_standard_error(environment: dict[str, str]) -> None:
    done = run('print("data")\nraise DevenvError("no luck", context={"cause": "rain"}, hint="wait")', environment)
    assert done.stdout == "data\n"
    assert done.stderr == "error: no luck [error]\n  cause: rain\nhint: wait\n"


def test_with_json_errors_are_a_line_on_standard_output(environment: dict[str, str]) -> None:
    done = run('raise DevenvError("no luck", hint="wait")', environment, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == {
        "type": "error",
        "error": {"code": "error", "message": "no luck", "context": {}, "hint": "wait"},
    }


def test_a_bug_leaves_a_report_and_no_traceback(environment: dict[str, str], own_home: Path) -> None:
    done = run('{}["missing"]', environment, "up", "--password=hunter2")
    assert done.returncode == 70
    assert "Traceback" not in done.stderr + run('{}["missing"]', environment, "--json").stdout
    assert done.stderr.startswith("error: unexpected KeyError: 'missing' [bug]\n  report: ")
    report = Path(done.stderr.splitlines()[1].partition("report: ")[2])
    assert report.is_relative_to(own_home)
    text = report.read_text()
    assert "command up\n" in text
    assert "Traceback (most recent call last)" in text
    assert "hunter2" not in text
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_bug_where_no_report_can_be_written_names_the_place(environment: dict[str, str], own_home: Path) -> None:
    in_the_way = own_home / "file"
    in_the_way.write_text("")
    environment |= {"XDG_STATE_HOME": str(in_the_way), "TMPDIR": str(own_home)}
    done = run("import tempfile\ntempfile.tempdir = '/proc/none'\n1 / 0", environment)
    assert done.returncode == 70
    assert "  report: could not be written" in done.stderr
    assert '  where: File "<string>"' in done.stderr


def test_a_reader_that_leaves_is_no_error(environment: dict[str, str]) -> None:
    many = command('for _ in range(100_000):\n    print("a line of data")', "x")
    with subprocess.Popen(many, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_a_reader_that_left_before_the_last_flush_is_no_error(environment: dict[str, str]) -> None:
    few = command('print("one line")\nsys.stdin.readline()', "x")
    with subprocess.Popen(
        few, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        assert process.communicate(b"go\n", timeout=60)[1] == b""
        assert process.returncode == 141


def test_a_broken_pipe_to_another_program_is_a_bug(environment: dict[str, str]) -> None:
    done = run('raise BrokenPipeError(32, "Broken pipe")', environment)
    assert done.returncode == 70
    assert "BrokenPipeError" in done.stderr


def test_ctrl_c_ends_with_130(environment: dict[str, str]) -> None:
    waiting = command('print("ready", flush=True)\ntime.sleep(60)')
    with subprocess.Popen(
        waiting, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "\nstopped; run the same command again to go on\n"
        assert process.returncode == 130


def test_the_boundary_loads_nothing_heavy(environment: dict[str, str]) -> None:
    heavy = "{'rich', 'pydantic', 'docker', 'lightkube', 'boto3', 'cryptography', 'yaml'}"
    done = run(f"print(sorted({heavy} & set(sys.modules)))", environment)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [[], ["--json"]])
@pytest.mark.parametrize(
    "raised",
    [
        'DevenvError("no topsecret", context={"cause": "topsecret"}, hint="topsecret")',
        'SpecError([Problem(Path("a"), 1, "", "found topsecret", "not topsecret")])',
        'ValueError("topsecret")',
        'DevenvError("through http://user:pr%40xy-word@proxy.test:3128, that is pr@xy-word")',
        'RunFailedError("topsecret failed", failures={"a": DevenvError("no", hint="topsecret")})',
        'WorkloadError("crashed: topsecret", log=("topsecret",))',
    ],
)
def test_what_ends_a_command_is_masked(raised: str, arguments: list[str], environment: dict[str, str]) -> None:
    body = f"""
from devenv.cli.wiring import run_session
with run_session("up") as session:
    session.mask("topsecret")
    raise {raised}
"""
    done = run(body, {**environment, "https_proxy": "http://user:pr%40xy-word@proxy.test:3128"}, *arguments)
    reports = [file.read_text() for file in Path(environment["HOME"]).rglob("devenv-*.txt")]
    reported = "".join([done.stdout, done.stderr, *reports])
    assert done.returncode in {1, 2, 70}
    assert "*****" in reported
    assert not [secret for secret in ("topsecret", "xy-word") if secret in reported]
    assert bool(reports) is ("ValueError" in raised)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("HTTPS_PROXY", "http://user:top%40secret@proxy.test:3128"),
        ("https_proxy", "http://top%40secret@proxy.test:3128"),
        ("GOPROXY", "https://go.test|https://user:top%40secret@go.test,direct"),
        ("GOPROXY", "https://top%40secret:@go.test"),
        ("PIP_EXTRA_INDEX_URL", "https://a.test https://token:top%40secret@b.test"),
    ],
)
def test_passwords_of_the_environment_are_masked_in_commands_without_events(
    name: str, address: str, arguments: list[str], environment: dict[str, str]
) -> None:
    body = f'raise RunFailedError("{address}", failures={{"a": DevenvError("top@secret at {address}")}})'
    done = run(body, {**environment, name: address}, *arguments)
    assert "*****" in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr
