"""The runc wrapper, with configurations that runc itself wrote and containers that runc itself runs."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.adapters.files.paths import data_root
from devenv.adapters.host.system import observe_host

WRAPPER = data_root() / "cluster/engine/runc-wrapper"
RUNC = next((path for path in ("/usr/sbin/runc", "/usr/bin/runc") if os.access(path, os.X_OK)), None)
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(RUNC is None or os.geteuid() != 0, reason="needs runc and root"),
]
ID = f"devenv-wrapper-test-{os.getpid()}"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle as `docker run --privileged --ulimit nofile=… --oom-score-adj -500` would ask for it."""
    (tmp_path / "rootfs").mkdir()
    subprocess.run([str(RUNC), "spec"], cwd=tmp_path, check=True)
    config = read(tmp_path)
    process = config["process"]
    for names in process["capabilities"].values():
        names.append("CAP_SYS_RESOURCE")
    process |= {"oomScoreAdj": -500, "terminal": False, "args": ["/bin/cat", "/proc/self/status"]}
    process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]
    process["noNewPrivileges"] = False
    config["mounts"] += [
        {"destination": name, "source": os.path.realpath(name), "type": "bind", "options": ["rbind", "ro"]}
        for name in ("/bin", "/lib", "/lib64", "/usr")
        if Path(name).exists()
    ]
    config["root"]["readonly"] = False
    write(tmp_path, config)
    return tmp_path


@pytest.fixture
def container(bundle: Path) -> Iterator[Path]:
    yield bundle
    subprocess.run([str(WRAPPER), "delete", "--force", ID], check=False, capture_output=True)


def read(bundle: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bundle / "config.json").read_text())
    return document


def write(bundle: Path, config: dict[str, Any]) -> None:
    (bundle / "config.json").write_text(json.dumps(config))


def wrapped(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(WRAPPER), *argv], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def assert_grantable(process: dict[str, Any]) -> None:
    assert all("CAP_SYS_RESOURCE" not in names for names in process["capabilities"].values())
    assert process["capabilities"]["bounding"], "the other capabilities stay"
    assert process["oomScoreAdj"] == 0
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert process["rlimits"][0]["hard"] == highest


@pytest.mark.parametrize("flags", [["--bundle", "{}"], ["-b", "{}"], ["--bundle={}"], []])
def test_a_bundle_is_edited_however_it_is_named(bundle: Path, flags: list[str]) -> None:
    (bundle / "config.json").chmod(0o640)
    # The name is refused by runc, after the wrapper has done its work: nothing is started.
    arguments = [flag.format(bundle) for flag in flags]
    done = wrapped("--root", str(bundle / "state"), "--log=/dev/null", "create", *arguments, "a/b", cwd=bundle)
    assert done.returncode != 0
    assert_grantable(read(bundle)["process"])
    assert stat.S_IMODE((bundle / "config.json").stat().st_mode) == 0o640
    assert sorted(path.name for path in bundle.iterdir() if "devenv" in path.name) == []


def test_a_value_that_reads_like_a_command_is_none(bundle: Path) -> None:
    before = read(bundle)
    wrapped("--root", "create", "list", cwd=bundle)
    assert read(bundle) == before


def test_the_process_of_an_exec_is_edited(bundle: Path) -> None:
    process = read(bundle)["process"]
    file = bundle / "process.json"
    file.write_text(json.dumps(process))
    done = wrapped("--root", str(bundle / "state"), "exec", "--process", str(file), "not-there", cwd=bundle)
    assert done.returncode != 0
    assert_grantable(json.loads(file.read_text()))


def test_other_commands_are_passed_on_untouched(tmp_path: Path) -> None:
    assert "runc version" in wrapped("--version", cwd=tmp_path).stdout
    assert wrapped("state", "not-there", cwd=tmp_path).returncode != 0


def test_a_missing_or_broken_configuration_is_reported_by_runc(tmp_path: Path) -> None:
    missing = wrapped("create", "x", cwd=tmp_path)
    assert missing.returncode != 0
    assert "config.json" in missing.stderr
    (tmp_path / "config.json").write_text("{")
    broken = wrapped("create", "x", cwd=tmp_path)
    assert broken.returncode != 0
    assert (tmp_path / "config.json").read_text() == "{"


def test_a_privileged_container_starts(container: Path) -> None:
    if not any(Path("/sys/fs/cgroup", name).exists() for name in ("cgroup.controllers", "cpu")):
        pytest.skip("no control groups are mounted")
    done = wrapped("run", "--bundle", str(container), ID, cwd=container)
    assert done.returncode == 0, done.stderr
    bounding = next(line for line in done.stdout.splitlines() if line.startswith("CapBnd"))
    assert int(bounding.split()[1], 16) >> 24 & 1 == 0


def test_without_the_wrapper_it_does_not_where_the_capability_is_missing(container: Path) -> None:
    if observe_host().sys_resource:
        pytest.skip("this machine has CAP_SYS_RESOURCE")
    done = subprocess.run(
        [str(RUNC), "run", "--bundle", str(container), ID],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
