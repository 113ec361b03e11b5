"""What devenv says when one of its folders is on a file system without room, in a mount namespace of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "alt"
pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")]
FULL = """
mount -t tmpfs -o size=64k,mode=700 full "$1"
dd if=/dev/zero of="$1/filling" bs=4096 count=16 status=none
shift
exec "$@"
"""


@pytest.mark.parametrize(
    ("variable", "argv"), [("XDG_CACHE_HOME", ["build"]), ("XDG_STATE_HOME", ["up", "--yes", "--only", "namespaces"])]
)
def test_it_is_told_at_once_with_what_to_do(variable: str, argv: list[str], own_home: Path, tmp_path: Path) -> None:
    folder, project = tmp_path / "full", tmp_path / "alt"
    folder.mkdir()
    shutil.copytree(EXAMPLE, project)
    with (project / "alt-backend" / "main.go").open("a") as source:
        source.write("// nothing that was built before\n")
    apart = ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", FULL, "sh", str(folder)]
    done = subprocess.run(
        [*apart, sys.executable, "-m", "devenv", *argv],
        cwd=project,
        env={**os.environ, "HOME": str(own_home), variable: str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    first = next(line for line in done.stderr.splitlines() if line.lstrip().startswith("error: "))
    assert first.endswith("[disk-full]"), done.stderr
    assert "df -h" in done.stderr
    assert "Traceback" not in done.stderr
