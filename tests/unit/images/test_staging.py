"""Under which name the builder is given a context, on a file system whose clock has seconds only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MOUNTED = """
truncate -s 8M "$1.img"
mke2fs -q -t ext2 -I 128 -F "$1.img" >&2
mount -o loop "$1.img" "$1"
shift
exec "$@"
"""
SAVING_TWICE = """
import sys, time
from pathlib import Path
from devenv.images.content.fingerprint import FileDigests
from devenv.images.content.staging import staged_context
from devenv.plan.steps import BuildImage
context, digests = Path(sys.argv[1]), FileDigests()
(context / "Dockerfile").write_text("FROM scratch")
step = BuildImage("app", "localhost/app:1", context / "Dockerfile", context)
for _ in range(20):
    names, times = set(), set()
    time.sleep(-time.time() % 1 + 0.05)  # a second has begun, by the kernel's coarser clock as well
    for content in "ab":
        (context / "file").write_text(content)
        times.add((context / "file").stat().st_ctime_ns)
        with staged_context(step, digests) as given:
            names.add(given.name)
    if len(times) == 1:
        break  # a machine at its limits may take longer than the second
print(len(times), len(names))
"""


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_file_saved_twice_within_a_tick_is_taken_twice(tmp_path: Path) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    apart = ["unshare", "--mount", "sh", "-ec", MOUNTED, "sh", str(folder)]
    done = subprocess.run(
        [*apart, sys.executable, "-c", SAVING_TWICE, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.stdout == "1 2\n"
