"""What every benchmark needs: other programs, the words for the machine, and the figures' place in the docs."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import kube_cache


def run(argv: Sequence[str], cwd: Path | None = None) -> str:
    """Standard output of a program; when it fails, the benchmark ends with all that it printed."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def devenv(project: Path, *arguments: str) -> str:
    """Standard output of a devenv command for a project."""
    return run([sys.executable, "-m", "devenv", *arguments], cwd=project)


def kubectl(project: Path) -> list[str]:
    """The words that begin a kubectl command for a project: devenv's own start, of half a second, is not among them."""
    kubeconfig = devenv(project, "kubeconfig").strip()
    program = next(tool["path"] for tool in json.loads(devenv(project, "tools", "--json")) if tool["name"] == "kubectl")
    return [program, f"--kubeconfig={kubeconfig}", f"--cache-dir={kube_cache(Path(kubeconfig))}"]


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def busy_seconds() -> float:
    """For how long the machine's cores have been busy since it was started, all together."""
    times = [int(word) for word in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq, *_ = times
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def golang(engine: Engine) -> str:
    """An image with Go, in which what is measured beside devenv is built."""
    for repository in ("localhost/devenv/golang", "docker.io/library/golang"):
        for image in engine.client.images.list(name=repository):
            if image.tags:
                return str(image.tags[0])
    sys.exit("there is no image with Go: run `devenv up` with --images recipes once")


def describe_machine() -> str:
    """One line: system, cores, memory, engine, Python, day."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    engine = run(["docker", "version", "--format", "{{.Server.Version}}"]).strip()
    day = datetime.now(UTC).date().isoformat()
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    size = f"{os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{system}, {size}, engine {engine}, Python {platform.python_version()}, {day}."


def write_table(file: Path, name: str, text: str) -> None:
    """Replace what is between the markers `<!-- NAME begin -->` and `<!-- NAME end -->`."""
    begin, end = f"<!-- {name} begin -->", f"<!-- {name} end -->"
    old = file.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise SystemExit(f"{file} has no markers for {name}")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    file.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old), encoding="utf-8")
