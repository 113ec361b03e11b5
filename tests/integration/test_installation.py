"""devenv from its wheel, as programs are installed: by uv, by pipx, and on a newer Python than the checkout's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.images import provide
from support.programs import require_program

from devenv import __version__
from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.host.trust import observe_trust

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
PROJECT = "project: installed\nstacks: [{name: postgres}, {name: localstack}]\n"


def run(*command: str | Path, **variables: str | Path) -> str:
    """What a program prints; fails with all that it said where it fails."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert not done.returncode, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked versions without their hashes, which pip does not take where a wheel of our own has none."""
    path = tmp_path_factory.mktemp("locked") / "constraints.txt"
    path.write_text("\n".join(re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==[^\\\n]+", LOCK.read_text(), re.MULTILINE)))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devenv.yaml").write_text(PROJECT)
    return tmp_path


def assert_works(devenv: Path, project: Path) -> None:
    assert run(devenv, "--version") == f"devenv {__version__}\n"
    # Stacks, charts and seeds are the wheel's own.
    run(devenv, "validate", "--directory", project)


def test_uv_installs_it_as_a_tool(wheel: Path, versions: Path, project: Path, tmp_path: Path) -> None:
    uv = require_program_of_tests("uv")
    folders = {"UV_TOOL_DIR": tmp_path / "tools", "UV_TOOL_BIN_DIR": tmp_path / "bin"}
    run(uv, "tool", "install", "--python", sys.executable, "--constraints", versions, wheel, **folders)
    assert_works(tmp_path / "bin" / "devenv", project)


def test_pipx_installs_it(wheel: Path, versions: Path, project: Path, tmp_path: Path) -> None:
    pipx = require_program_of_tests("pipx")
    folders = {"PIPX_HOME": tmp_path / "pipx", "PIPX_BIN_DIR": tmp_path / "bin", "PIPX_MAN_DIR": tmp_path / "man"}
    run(pipx, "install", "--python", sys.executable, "--pip-args", f"--constraint {versions}", wheel, **folders)
    assert_works(tmp_path / "bin" / "devenv", project)


def test_a_newer_python_runs_it_with_the_locked_packages(newer_python: str, wheel: Path, project: Path) -> None:
    certificates = observe_trust().bundle
    assert certificates
    for file in (wheel, LOCK, certificates, require_program_of_tests("uv")):
        shutil.copy(file, project)
    script = f"""
        uv=/work/uv; export UV_CACHE_DIR=/tmp/uv SSL_CERT_FILE=/work/{certificates.name}
        $uv venv --quiet --python /usr/bin/python3 /tmp/venv && export VIRTUAL_ENV=/tmp/venv
        $uv pip install --quiet --require-hashes --requirements /work/{LOCK.name}
        $uv pip install --quiet --no-deps /work/{wheel.name}
        /tmp/venv/bin/devenv --version
        cd /work && /tmp/venv/bin/devenv validate
    """
    user = f"{os.getuid()}:{os.getgid()}"
    volume = f"{project}:/work"
    command = ("run", "--rm", "--network", "host", "--user", user, "--env", "HOME=/tmp", "--volume", volume)
    printed = run(require_program("docker"), *command, newer_python, "sh", "-euc", script)
    assert f"devenv {__version__}" in printed


@pytest.fixture(scope="module")
def newer_python(engine: Engine, labels: dict[str, str]) -> Iterator[str]:
    reference = f"localhost/devenv-test/newer-python:{labels['devenv.io/test']}"
    support = ROOT / "tests" / "support"
    args = {"DEBIAN_TRIXIE": provide("debian-trixie", engine)}
    engine.builds.run(BuildRequest(reference, support / "newer_python.Dockerfile", support, args=args, labels=labels))
    yield reference
    engine.images.remove([reference])


def require_program_of_tests(name: str) -> Path:
    """A program of the environment that the tests run in."""
    path = Path(sys.executable).with_name(name)
    assert path.exists(), "./onboard.sh --with-tests installs it"
    return path
