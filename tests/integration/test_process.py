"""Process handling with real processes: tiny scripts on a temporary PATH."""

from __future__ import annotations

import os
import queue
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.programs import Script

from devenv.adapters.process import (
    PipedProcess,
    ServingProcess,
    find_program,
    is_over,
    run,
    start_detached,
    this_process,
)
from devenv.errors import CommandFailedError, CommandTimeoutError, InterruptedRunError, ToolMissingError


def await_end(pid: int, seconds: float = 30) -> bool:
    """Whether the process has ended within `seconds`; woken by the kernel."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def await_line(path: Path, lines: int = 1, seconds: float = 30) -> list[str]:
    """The lines of a file once it has as many."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while time.monotonic() < deadline:
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= lines:
            return found
        tick.wait(0.02)
    raise AssertionError(f"{path} did not get {lines} lines")


def feed_for_ever(process: PipedProcess) -> None:
    with process:
        while True:
            process.stdin.write(b"x" * 100_000)


def cancel_after(seconds: float) -> threading.Event:
    event = threading.Event()
    threading.Timer(seconds, event.set).start()
    return event


def test_both_outputs_the_status_and_the_lines_are_collected(script: Script) -> None:
    script("both", "echo one; echo two >&2; printf 'no newline'")
    lines: list[str] = []
    done = run(["both", "a b"], on_line=lines.append)
    assert (done.stdout, done.stderr, done.status) == ("one\nno newline", "two\n", 0)
    assert done.argv == ("both", "a b")
    assert sorted(lines) == ["no newline", "one", "two"]


def test_lines_come_while_the_program_runs(script: Script, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script("talker", f"echo first; read answer < {gate}; echo got $answer")

    def answer(line: str) -> None:
        if line == "first":
            gate.write_text("yes\n")

    assert run(["talker"], on_line=answer, timeout=10).stdout == "first\ngot yes\n"


def test_a_failure_carries_the_last_twenty_lines(script: Script) -> None:
    script("bad", "for i in $(seq 1 50); do echo line $i; done; echo the reason >&2; exit 7")
    with pytest.raises(CommandFailedError) as caught:
        run(["bad", "--flag"], what="build image x")
    error = caught.value
    assert error.status == 7
    assert error.message == "build image x failed: bad ended with status 7"
    assert "the reason" in error.output
    assert len(error.output.splitlines()) == 20
    assert error.context["command"] == "bad --flag"


def test_a_status_can_be_looked_at_instead(script: Script) -> None:
    script("no", "exit 1")
    assert run(["no"], check=False).status == 1


def test_a_signal_is_named(script: Script) -> None:
    script("suicide", "kill -SEGV $$")
    with pytest.raises(CommandFailedError, match="was ended by SIGSEGV"):
        run(["suicide"])


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match="no-such-program"):
        run(["no-such-program"])
    assert find_program("sh", path=str(tmp_path)) is None


def test_a_file_that_is_no_program_is_told(script: Script) -> None:
    script("garbage", "").write_bytes(b"\x7fELF not really")
    with pytest.raises(ToolMissingError, match="garbage cannot be started"):
        run(["garbage"])


def test_the_program_is_looked_up_on_the_path_that_it_gets(tmp_path: Path) -> None:
    program = tmp_path / "only-here"
    program.write_text("#!/bin/sh\necho $EXTRA\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert run(["only-here"], env={"PATH": path, "EXTRA": "seen"}).stdout == "seen\n"


def test_input_and_output_larger_than_any_pipe() -> None:
    data = os.urandom(1 << 20).hex().encode() * 4
    assert run(["cat"], stdin=data, timeout=60).stdout.encode() == data


def test_a_program_may_leave_its_input_unread() -> None:
    assert run(["true"], stdin=b"x" * (1 << 22)).status == 0


def test_megabytes_without_a_line_end_are_collected_in_no_time() -> None:
    lines: list[str] = []
    began = time.monotonic()
    done = run(["head", "-c", "64000000", "/dev/zero"], on_line=lines.append)
    assert len(done.stdout) == sum(map(len, lines)) == 64_000_000
    assert time.monotonic() - began < 10
    assert max(map(len, lines)) < 2 << 20


def test_what_prints_without_end_is_stopped_and_told() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CommandFailedError, match="run head printed more than 256 MiB and was stopped") as caught:
        run(["head", "-c", "100G", "/dev/zero"], timeout=60)
    assert len(caught.value.output) < 100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900 << 10


def test_many_programs_are_fed_at_once_also_without_privileges() -> None:
    """A user has 64 MiB for larger pipes, and nothing may fail for want of one."""
    with ExitStack() as stack:
        fed = [stack.enter_context(PipedProcess(["cat"])) for _ in range(80)]
        for number, process in enumerate(fed):
            process.stdin.write(b"%d" % number)
        assert [process.finish().stdout for process in fed] == [str(number) for number in range(80)]


def test_output_that_is_not_utf8_is_kept_readable(script: Script) -> None:
    script("latin", r"printf 'caf\351\n'")
    assert run(["latin"]).stdout == "caf\N{REPLACEMENT CHARACTER}\n"


def test_a_deadline_stops_the_whole_group(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("family", f"sleep 60 & echo $! > {pids}; echo started; wait")
    with pytest.raises(CommandTimeoutError, match=r"wait for it took longer than 0\.5 s") as caught:
        run(["family"], timeout=0.5, what="wait for it")
    assert caught.value.output == "started"
    assert await_end(int(pids.read_text()))


def test_cancel_stops_within_a_second_and_lets_the_program_clean_up(script: Script, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    script("tidy", f"trap 'echo cleaned > {trace}; exit 1' TERM; sleep 60 & wait")
    began = time.monotonic()
    with pytest.raises(InterruptedRunError, match="stopped: tidy up"):
        run(["tidy"], cancel=cancel_after(0.3), what="tidy up")
    assert time.monotonic() - began < 1.5
    assert trace.read_text() == "cleaned\n"


def test_what_ignores_sigterm_is_killed_after_the_grace(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("stubborn", f"trap '' TERM; echo $$ > {pids}; while :; do sleep 1; done")
    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        run(["stubborn"], cancel=cancel_after(0.3))
    assert 4.5 < time.monotonic() - began < 8
    assert await_end(int(pids.read_text()))


def test_nothing_starts_once_cancelled(script: Script, tmp_path: Path) -> None:
    script("touch-it", f"touch {tmp_path}/started")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(InterruptedRunError):
        run(["touch-it"], cancel=cancel)
    assert not (tmp_path / "started").exists()


def test_a_daemon_that_holds_the_output_does_not_hold_us(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("forks", f"setsid sleep 60 & echo $! > {pids}; echo done")
    began = time.monotonic()
    assert run(["forks"]).stdout == "done\n"
    assert time.monotonic() - began < 3
    os.kill(int(pids.read_text()), signal.SIGKILL)


def test_an_error_in_the_receiver_of_lines_stops_the_program(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("chatty", f"echo $$ > {pids}; echo hello; sleep 60")

    def refuse(line: str) -> None:
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="hello"):
        run(["chatty"], on_line=refuse)
    assert await_end(int(pids.read_text()))


def test_no_descriptor_is_left_open(script: Script) -> None:
    script("quick", "echo x")
    run(["quick"])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        run(["quick"], stdin=b"y")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_many_threads_run_programs_at_once() -> None:
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(run(["cat"], stdin=str(n).encode() * 99999).stdout[:1]))
        for n in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [str(n) for n in range(10)]


def test_a_piped_program_is_fed_and_finished() -> None:
    with PipedProcess(["wc", "-c"]) as process:
        for _ in range(100):
            process.stdin.write(b"x" * 10_000)
        assert process.finish().stdout.strip() == "1000000"


def test_a_piped_program_that_fails_is_told_instead_of_a_broken_pipe(script: Script) -> None:
    script("refuses", "echo 'bad archive' >&2; exit 4")
    with pytest.raises(CommandFailedError, match="load image failed") as caught:
        feed_for_ever(PipedProcess(["refuses"], what="load image"))
    assert caught.value.output == "bad archive"


def test_leaving_a_piped_program_stops_it(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("reader", f"echo $$ > {pids}; exec cat >/dev/null")
    with PipedProcess(["reader"]):
        await_line(pids)
    assert await_end(int(pids.read_text()))


def test_cancel_frees_a_writer_that_waits_for_a_full_pipe() -> None:
    with (
        pytest.raises(InterruptedRunError),
        PipedProcess(["sleep", "60"], cancel=cancel_after(0.3)) as process,
    ):
        process.stdin.write(b"x" * 10_000_000)


def test_what_devenv_started_dies_when_devenv_is_killed(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("worker", f"sleep 61 & echo $! >> {pids}; echo $$ >> {pids}; wait")
    program = 'from devenv.adapters.process import run; run(["true"]); run(["worker"], timeout=90)'
    parent = subprocess.Popen([sys.executable, "-c", program])
    children = await_line(pids, lines=2)
    parent.kill()
    parent.wait()
    assert all(await_end(int(pid)) for pid in children)


def test_a_daemon_outlives_its_starter(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import sys; from pathlib import Path; from devenv.adapters.process import start_detached\n"
        f"print(start_detached(['sh', '-c', 'echo up; exec sleep 62'], log=Path({str(log)!r})).pid)"
    )
    pid = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)
    assert await_line(log) == ["up"]
    assert not await_end(pid, 0.2)
    os.kill(pid, signal.SIGKILL)


def test_a_daemon_that_ends_at_once_is_noticed(tmp_path: Path) -> None:
    daemon = start_detached(["sh", "-c", "echo no >&2; exit 5"], log=tmp_path / "log")
    assert await_end(daemon.pid)
    assert daemon.status() == 5
    assert (tmp_path / "log").read_text() == "no\n"


def test_others_on_the_machine_can_tell_whether_a_process_lives() -> None:
    naming = "from devenv.adapters.process import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", naming], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        name = other.stdout.readline().strip()
        assert not is_over(name)
        other.kill()
    place, _, _ = name.rpartition("/")

    assert is_over(name)
    assert not is_over(this_process())
    assert is_over(f"{place}/{os.getpid()}.1"), "the same number, started at another time"
    assert not is_over(f"another machine/{name.rpartition('/')[2]}")
    machine, _, namespace = place.split("/")
    is_in_no_container = os.stat("/proc/self/ns/pid").st_ino == 0xEFFFFFFC  # noqa: PTH116 -- the file behind the link
    assert is_over(f"{machine}/an earlier boot/{namespace}/1.1") is (bool(machine) and is_in_no_container)
    assert not is_over(f"another/an earlier boot/{namespace}/1.1")
    assert not is_over(f"{machine}/an earlier boot/1/1.1")
    assert not is_over("")


class Served:
    """A program that serves, and what it has told."""

    def __init__(self, argv: list[str], folder: Path) -> None:
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.ends: queue.SimpleQueue[CommandFailedError] = queue.SimpleQueue()
        self.process = ServingProcess(
            argv, env={}, cwd=folder, on_line=self.lines.put, on_end=self.ends.put, what="serve a"
        )


def test_what_serves_is_stopped_with_all_that_it_has_started(script: Script, tmp_path: Path) -> None:
    script("server", "sleep 600 & echo $!; wait")
    served = Served(["server"], tmp_path)
    pid = int(served.lines.get(timeout=60))

    served.process.stop()

    assert await_end(pid)
    assert served.process.ended.is_set()
    assert served.ends.empty()


def test_the_end_of_what_serves_is_told_and_it_leaves_nothing(script: Script, tmp_path: Path) -> None:
    script("server", "sleep 600 >/dev/null 2>&1 & echo $!; echo no port >&2; exit 3")
    served = Served(["server"], tmp_path)
    error = served.ends.get(timeout=60)

    assert error.message == "serve a: server ended with status 3"
    assert "no port" in error.output
    assert await_end(int(error.output.splitlines()[0]))


def test_of_what_serves_only_the_last_lines_are_kept(script: Script, tmp_path: Path) -> None:
    script("server", "head -c 270000000 /dev/zero; echo; echo last; exit 1")
    end = Served(["server"], tmp_path).ends.get(timeout=60)

    assert end.output.splitlines()[-1] == "last"


def test_what_serves_dies_when_devenv_is_killed(script: Script, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script("server", f"sleep 61 & echo $! >> {pids}; echo $$ >> {pids}; wait")
    program = (
        "import threading; from pathlib import Path; from devenv.adapters.process import ServingProcess\n"
        "ServingProcess(['server'], env={}, cwd=Path(), on_line=print, on_end=print, what='serve')\n"
        "print('up', flush=True)\n"
        "threading.Event().wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdout.readline() == b"up\n"
    children = await_line(pids, lines=2)
    parent.kill()
    parent.wait()
    assert all(await_end(int(pid)) for pid in children)
