"""Kills `devenv` with SIGKILL at points spread over what its commands take, and runs each command again.

Every time the second run has to do what was asked, and nothing of the first may be left: no container, volume, network,
temporary file, process, draft or lock. Run it as `python benchmarks/kill_campaign.py [PROJECT] [--points N]`: it works
on a copy of the project, examples/alt by default, and takes it away at the end. With `--in-place` it works in an
environment that is up, and leaves it up: then `up` is killed while it brings a change, and `down` not at all. Databases
are reset and restored in projects with the stack postgres.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml
from machine import describe_machine, run

from devenv.adapters.files.paths import cache_dir, state_dir

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "alt"
PROJECT = "devenv-kills"
SNAPSHOT = "kill_campaign"
MARK = "KILL_CAMPAIGN"
"""Variable of the killed runs and of all that they start, by which those are found."""
SETTLE_SECONDS = 90.0
"""For what ends by itself a moment after a run: the reaper's stopping, the making of spares."""
IMAGE_BYTES = 40_000_000


class NotConvergedError(Exception):
    """The second run did not do what was asked, or something is left."""


@dataclass(frozen=True)
class Command:
    """A command that is killed."""

    name: str
    argv: tuple[str, ...]
    prepare: Callable[[], None]
    """Brings about what the command has to change."""
    check: Callable[[], None]
    """Raises NotConvergedError when the command has not done it."""


@dataclass
class Ground:
    """The project, and what was in the engine before."""

    root: Path
    temporary: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    shared: bool = False
    """Whether others use the engine meanwhile: then only what bears the project's name is looked at."""

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self.spec["project"])

    @property
    def spec(self) -> dict[str, Any]:
        """devenv.yaml."""
        loaded: dict[str, Any] = yaml.safe_load((self.root / "devenv.yaml").read_text())
        return loaded

    def start(self, argv: Sequence[str]) -> subprocess.Popen[str]:
        """Start devenv, with a folder for temporary files of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "devenv", *argv],
            cwd=self.root,
            env={**os.environ, "TMPDIR": str(self.temporary), MARK: self.token},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def devenv(self, *argv: str, expect: int = 0) -> str:
        """What devenv prints on its standard output when it is run to its end."""
        process = self.start(argv)
        printed, told = process.communicate()
        if process.returncode != expect:
            raise NotConvergedError(f"devenv {' '.join(argv)}: status {process.returncode}\n{printed}{told}")
        return printed

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What PostgreSQL answers."""
        reported = self.devenv("db", "url", "postgres")
        with psycopg.connect(
            next(word for word in reported.split() if word.startswith("postgres") and "://" in word)
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def commands(ground: Ground, *, whole: bool) -> list[Command]:
    """What is killed; `whole` where the environment may be taken away, too."""
    has_databases = any(stack["name"] == "postgres" for stack in ground.spec["stacks"])
    image = f"localhost/devenv-kills/image:{ground.token}"
    databases = [
        Command("reset-db", ("reset-db", "--yes"), lambda: _spoil(ground), lambda: _is_reset(ground)),
        Command(
            "db restore",
            ("db", "restore", SNAPSHOT, "--database", "postgres", "--yes"),
            lambda: _save_and_spoil(ground),
            lambda: _is_restored(ground),
        ),
    ]
    load = Command("load", ("load", image), lambda: _make_image(image), lambda: _is_loaded(ground, image))
    if not whole:
        change = Command("up, a change", ("up", "--yes"), lambda: _change(ground), lambda: _is_up(ground))
        return [change, *databases, load] if has_databases else [change, load]
    up = Command("up", ("up", "--yes"), lambda: _take_away(ground), lambda: _is_up(ground))
    down = Command("down", ("down", "--yes"), lambda: None, lambda: _is_down(ground))
    return [up, *databases, load, down] if has_databases else [up, load, down]


def campaign(ground: Ground, points: int, *, whole: bool) -> list[tuple[str, float, float, str]]:
    """Kill at all points; returns for each the command, when of how many seconds, and what came of it."""
    before = _leftovers(ground)
    if whole:
        ground.devenv("pull", "--yes")  # images are made once, and are not what is measured
    wanted = commands(ground, whole=whole)
    shares = [points // len(wanted) + (number < points % len(wanted)) for number in range(len(wanted))]
    seconds_of = {
        command.name: _measure(ground, command) for command, share in zip(wanted, shares, strict=True) if share
    }
    reported = []
    # Round by round, since what one command has done is what the next one begins with: `down` after `up`.
    for point in range(max(shares)):
        for command, share in zip(wanted, shares, strict=True):
            if point >= share:
                continue
            whole_seconds = seconds_of[command.name]
            seconds = whole_seconds * (point + 0.5) / share
            outcome = _kill(ground, command, seconds)
            _await_nothing_left(ground, before)
            reported.append((command.name, seconds, whole_seconds, outcome))
            print(f"{command.name}: killed at {seconds:.2f} of {whole_seconds:.2f} s: {outcome}", flush=True)
    return reported


def _measure(ground: Ground, command: Command) -> float:
    _be_up(ground, command)
    command.prepare()
    began = time.monotonic()
    ground.devenv(*command.argv)
    seconds = time.monotonic() - began
    command.check()
    return seconds


def _kill(ground: Ground, command: Command, seconds: float) -> str:
    _be_up(ground, command)
    command.prepare()
    process = ground.start(command.argv)
    reading = threading.Thread(target=process.communicate, daemon=True)
    reading.start()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        outcome = "converged"
    else:
        outcome = "had ended before"
    ground.devenv(*command.argv)
    command.check()
    return outcome


def _be_up(ground: Ground, command: Command) -> None:
    if command.name != "up" and not _nodes(ground):
        ground.devenv("up", "--yes")


def _spoil(ground: Ground) -> None:
    ground.query("CREATE TABLE IF NOT EXISTS spoiled (n int)")


def _is_reset(ground: Ground) -> None:
    if ground.query("SELECT to_regclass('spoiled')") != [(None,)]:
        raise NotConvergedError("reset-db left a table that no migration makes")


def _save_and_spoil(ground: Ground) -> None:
    ground.query("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    ground.devenv("db", "snapshot", SNAPSHOT, "--database", "postgres")
    ground.query("UPDATE kept SET n = 2")


def _is_restored(ground: Ground) -> None:
    if ground.query("SELECT n FROM kept") != [(1,)]:
        raise NotConvergedError("db restore did not bring back the saved row")
    ground.devenv("db", "rm", SNAPSHOT, "--database", "postgres")


def _make_image(image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "content").write_bytes(secrets.token_bytes(IMAGE_BYTES))
        archive = Path(folder, "image.tar")
        run(["tar", "--create", f"--file={archive}", f"--directory={folder}", "content"])
        run(["docker", "import", str(archive), image])


def _is_loaded(ground: Ground, image: str) -> None:
    wanted = run(["docker", "image", "inspect", "--format", "{{.Id}}", image]).strip()
    for node in _nodes(ground):
        ctr = ["docker", "exec", node, "ctr", "--namespace=k8s.io"]
        digest = next(
            (word for word in run([*ctr, "images", "list", f"name=={image}"]).split() if "sha256:" in word), ""
        )
        document = json.loads(run([*ctr, "content", "get", digest])) if digest else {}
        if "manifests" in document:
            document = json.loads(run([*ctr, "content", "get", document["manifests"][0]["digest"]]))
        if not document or document["config"]["digest"] != wanted:
            raise NotConvergedError(f"{node} has not {wanted} as {image}")
        run([*ctr, "images", "remove", image])
    run(["docker", "image", "rm", image])


def _change(ground: Ground) -> None:
    spec = ground.spec
    chosen = next(stack for stack in spec["stacks"] if stack["name"] == "alt-backend")
    memory = 64 + secrets.randbelow(64)
    chosen["values"] = {**chosen.get("values", {}), "resources": {"limits": {"memory": f"{memory}Mi"}}}
    (ground.root / "devenv.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def _take_away(ground: Ground) -> None:
    ground.devenv("down", "--yes")


def _is_up(ground: Ground) -> None:
    ground.devenv("status")
    planned = json.loads(ground.devenv("up", "--plan", "--json"))
    if planned["steps"]:
        raise NotConvergedError(f"up has still to do: {[step['key'] for step in planned['steps']]}")


def _is_down(ground: Ground) -> None:
    if _nodes(ground):
        raise NotConvergedError("down left nodes")
    if state_dir(ground.project, create=False).exists():
        raise NotConvergedError("down left the project's state")


def _nodes(ground: Ground) -> list[str]:
    label = f"label=io.x-k8s.kind.cluster=devenv-{ground.project}"
    return run(["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}"]).split()


def _leftovers(ground: Ground) -> dict[str, set[str]]:
    """Everything that a run may leave and must not, by kind: not nodes, their volumes and their network."""
    nodes = set(_nodes(ground))
    containers = set(run(["docker", "ps", "--all", "--format", "{{.Names}}"]).split()) - nodes
    volumes = set(run(["docker", "volume", "ls", "--quiet", "--filter", "dangling=true"]).split())
    networks = set(run(["docker", "network", "ls", "--format", "{{.Name}}"]).split())
    if nodes:
        networks -= {f"devenv-{ground.project}"}
    if ground.shared:
        label = f"label=devenv.io/project={ground.project}"
        mine = run(["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}"])
        containers, volumes = set(mine.split()) - nodes, set()
        networks = {name for name in networks if name.endswith(f"-{ground.project}")}
    state = state_dir(ground.project, create=False)
    # kind's lock is a file's being there; devenv's own are let go of by the kernel, and their empty files may stay.
    drafts = [path for pattern in (".*", "kubeconfig*.lock") for path in state.glob(pattern)] if state.exists() else []
    scratch = [path for path in (cache_dir(create=False) / "scratch").glob("*.lock") if not _is_locked(path)]
    files = [*drafts, *ground.temporary.iterdir(), *scratch]
    return {
        "containers": containers,
        "volumes": volumes,
        "networks": networks,
        "files": {str(path) for path in files},
        "processes": set(_processes(ground)),
        "programs in nodes": {line for node in _nodes(ground) for line in _programs(node)},
    }


def _is_locked(path: Path) -> bool:
    """Whether a run that lives keeps the file: it may be somebody else's."""
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return True  # or has kept it until just now
    return False


def _processes(ground: Ground) -> Iterator[str]:
    """What runs of all that the killed runs started."""
    mark = f"{MARK}={ground.token}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield f"{folder.name} {command[:120]}"
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, or is somebody else's


def _programs(node: str) -> Iterator[str]:
    """Programs of loads, which run in a node for as long as one does."""
    for line in run(["docker", "top", node, "-eo", "pid,args"]).splitlines():
        if "ctr " in line and "images" in line:
            yield f"{node}: {line.strip()[:120]}"


def _await_nothing_left(ground: Ground, before: dict[str, set[str]]) -> None:
    until = time.monotonic() + SETTLE_SECONDS
    while left := {kind: found - before[kind] for kind, found in _leftovers(ground).items() if found - before[kind]}:
        if time.monotonic() > until:
            raise NotConvergedError(f"left: {left}")
        threading.Event().wait(0.3)


@contextmanager
def _copied(project: Path, temporary: Path) -> Iterator[Path]:
    """A copy of a project under a name of its own, with a state folder of its own."""
    root = temporary / "project"
    shutil.copytree(project, root)
    spec = yaml.safe_load((root / "devenv.yaml").read_text())
    (root / "devenv.yaml").write_text(yaml.safe_dump({**spec, "project": PROJECT}, sort_keys=False))
    os.environ["XDG_STATE_HOME"] = str(temporary / "state")
    yield root


def main() -> None:
    """Kill and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--in-place", action="store_true", help="the project's environment is up, and is to stay")
    parser.add_argument("--shared-engine", action="store_true", help="others use the engine at the same time")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-kills-") as folder:
        temporary = Path(folder, "tmp")
        temporary.mkdir()
        with _given(wanted.project) if wanted.in_place else _copied(wanted.project, Path(folder)) as root:
            ground = Ground(root, temporary, shared=wanted.shared_engine)
            try:
                reported = campaign(ground, wanted.points, whole=not wanted.in_place)
            except NotConvergedError as error:
                sys.exit(f"not converged: {error}")
            finally:
                if not wanted.in_place:
                    ground.devenv("down", "--yes")
    killed = sum(outcome == "converged" for *_, outcome in reported)
    print(f"{describe_machine()}\n{len(reported)} points, {killed} runs killed, all converged, nothing left")


@contextmanager
def _given(root: Path) -> Iterator[Path]:
    yield root


if __name__ == "__main__":
    main()
