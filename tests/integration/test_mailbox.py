"""Lines between processes by a named pipe: they arrive, and what a killed process left is no receiver."""

from __future__ import annotations

import queue
import subprocess
import sys
from pathlib import Path

from devenv.adapters.files.mailbox import receiving, send

_SENDING = "import sys; from pathlib import Path; from devenv.adapters.files.mailbox import send; "
_RECEIVING = (
    "import sys, threading; from pathlib import Path; from devenv.adapters.files.mailbox import receiving\n"
    "with receiving(Path(sys.argv[1]), print):\n    print('ready', flush=True); threading.Event().wait()"
)


def test_lines_of_other_processes_arrive_in_their_order(tmp_path: Path) -> None:
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    with receiving(tmp_path / "dev", told.put):
        program = _SENDING + "print([send(Path(sys.argv[1]), line) for line in ('api', '', 'web')])"
        sent = subprocess.run([sys.executable, "-c", program, tmp_path / "dev"], capture_output=True, check=True)
        assert sent.stdout == b"[1, 1, 1]\n"
        assert [told.get(timeout=60) for _ in range(3)] == ["api", "", "web"]
    assert send(tmp_path / "dev", "late") == 0
    assert list((tmp_path / "dev").iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _RECEIVING, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    process.wait()
    assert len(list(tmp_path.iterdir())) == 1
    assert send(tmp_path, "api") == 0
    assert list(tmp_path.iterdir()) == []


def test_nobody_at_all(tmp_path: Path) -> None:
    assert send(tmp_path / "missing", "api") == 0
