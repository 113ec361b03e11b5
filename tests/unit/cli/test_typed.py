"""What is typed while a command goes on, on a terminal of the test's own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

_PROGRAM = """
import sys, threading
from devenv.cli.typed import typed_lines
seen = threading.Event()
def take(line):
    sys.stderr.write(f"<{line}>")
    sys.stderr.flush()
    if line == "end":
        seen.set()
with typed_lines(take):
    sys.stderr.write("ready")
    sys.stderr.flush()
    seen.wait(20)
sys.stderr.write("over")
"""


def test_lines_of_a_terminal_are_told_until_the_body_ends() -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM], stdin=terminal, stderr=subprocess.PIPE, text=True)
    os.close(terminal)
    assert process.stderr
    assert process.stderr.read(5) == "ready"
    os.write(controller, b"r api\nend\n")
    assert process.communicate(timeout=20)[1] == "<r api><end>over"
    os.close(controller)


def test_without_a_terminal_nothing_is_read() -> None:
    program = _PROGRAM.replace("seen.wait(20)", "print(sys.stdin.read())")
    ended = subprocess.run([sys.executable, "-c", program], input="r\n", capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("r\n\n", "readyover")
