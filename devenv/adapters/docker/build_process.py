"""The process of one build: known, so that it can be stopped, before it begins.

The library that starts buildx keeps the process to itself. So a few lines of Python go first: they make a group of
their own, tell its number, and become buildx once they are told that it is known. From then on the group ends when the
run is stopped, and also when the run is killed.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devenv.adapters.process import REAPER

_TICK = 0.2
_GRACE = 5.0
"""Seconds that buildx has to end after SIGTERM."""
_NUMBER_BYTES = 32
LAUNCH = """
import json, os, signal, sys
os.setsid()
signal.alarm(60)
job, folder, unwanted, *argv = sys.argv[1:]
with open(os.path.join(job, "group"), "w") as file:
    file.write(str(os.getpid()))
with open(os.path.join(job, "known")) as file:
    file.readline()
signal.alarm(0)
with open(os.path.join(job, "arguments")) as file:
    arguments = json.load(file)
os.unlink(os.path.join(job, "arguments"))
for name in unwanted.split(","):
    os.environ.pop(name, None)
os.environ.update(arguments, BUILDX_CONFIG=folder)
argv.remove("buildx")
at = argv.index("build") + 1
argv[at:at] = [word for name in arguments for word in ("--build-arg", name)]
os.execv(argv[0], argv)
"""
"""A program whose arguments are a folder for what passes between it and this process, buildx's own folder, variables to
take away, and the command line. The library names buildx as a word to the docker command line; devenv calls the program
itself, so that it need not be installed as a plugin. Values of arguments that nobody may read come in a file and go on
in the environment. It ends by itself when nobody answers it: then devenv was killed."""


@contextmanager
def guarded(job: Path, cancel: threading.Event | None) -> Iterator[None]:
    """Know the process that the body starts with `LAUNCH` and `job`, and stop it when `cancel` is set meanwhile."""
    for name in ("group", "known"):
        os.mkfifo(job / name)
    ended = threading.Event()
    watching = (job, cancel or threading.Event(), ended)
    watcher = threading.Thread(target=_watch, args=watching, name="watch the build", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(job: Path, cancel: threading.Event, ended: threading.Event) -> None:
    with _pipe(job / "group") as group_number, _pipe(job / "known") as answer:
        while not select.select([group_number], [], [], _TICK)[0]:
            if ended.is_set():
                return  # it was never started
        group = int(os.read(group_number, _NUMBER_BYTES))
        REAPER.watch(group)
        os.write(answer, b"\n")
        while not ended.wait(_TICK):  # two events cannot be awaited at once
            if cancel.is_set():
                _signal(group, signal.SIGTERM)
                if not ended.wait(_GRACE):
                    _signal(group, signal.SIGKILL)
                break
        REAPER.forget(group)


@contextmanager
def _pipe(path: Path) -> Iterator[int]:
    """A named pipe, opened without waiting for who is at its other end."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(group, number)
