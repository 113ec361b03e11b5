"""Running the real `devenv` against a project of the tests' own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

PREFIX = "devenv-e2e"
"""What the names of all projects of the end-to-end tests begin with."""
PRODUCTS = f"{PREFIX}-products"
"""The project whose place products of the tests take, one after the other."""

_OF_MOST = ("traefik", "localstack", "external-secrets-config")
"""Stacks that products have, with what these need."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]

    def last(self, kind: str) -> dict[str, Any]:
        """The last event of a type."""
        return next(e for e in reversed(self.events) if e["type"] == kind)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """All events of a type."""
        return [e for e in self.events if e["type"] == kind]


@dataclass(frozen=True)
class Project:
    """A folder with a devenv.yaml, and the command that is run in it."""

    root: Path
    env: Mapping[str, str]
    within: Sequence[str] = ()
    """The program and arguments by which everything is run: somewhere else than on the host."""
    _paths: dict[str, str] = field(default_factory=dict, compare=False)
    """What devenv was asked for once: each of its processes takes a second or more."""

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.spec["project"])

    @property
    def spec(self) -> dict[str, Any]:
        """devenv.yaml, parsed."""
        loaded: dict[str, Any] = yaml.safe_load((self.root / "devenv.yaml").read_text())
        return loaded

    def write_spec(self, spec: Mapping[str, Any]) -> None:
        """Replace devenv.yaml; what is there twice is written twice, as by hand."""
        written = json.loads(json.dumps(spec))
        (self.root / "devenv.yaml").write_text(yaml.safe_dump(written, sort_keys=False))

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start `devenv` and return at once."""
        return subprocess.Popen(
            [*self.within, sys.executable, "-m", "devenv", *args],
            cwd=self.root,
            env={**os.environ, **self.env},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def devenv(self, *args: str, timeout: float = 3000, expect: int | None = 0, script: str = "") -> Result:
        """Run `devenv` to its end; `expect` is the exit status that must come, None for any; `script` its input."""
        began = time.monotonic()
        process = self.start(*args)
        try:
            stdout, stderr = process.communicate(script, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise AssertionError(f"devenv {args} took over {timeout} s\n{stdout[-3000:]}\n{stderr[-3000:]}") from None
        result = Result(process.returncode, stdout, stderr, time.monotonic() - began)
        if expect is not None and result.status != expect:
            raise AssertionError(
                f"devenv {' '.join(args)}: status {result.status} instead of {expect}\n"
                f"{result.stdout[-6000:]}\n{result.stderr[-6000:]}"
            )
        return result

    def report(self, command: str) -> dict[str, Any]:
        """What `devenv COMMAND --json` prints, whatever the exit status."""
        result = self.devenv(command, "--json", expect=None)
        assert result.stdout, f"devenv {command}: status {result.status}, and no report\n{result.stderr[-6000:]}"
        report: dict[str, Any] = json.loads(result.stdout)
        return report

    def status(self) -> dict[str, Any]:
        """`devenv status --json`, whatever the exit status."""
        return self.report("status")

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, without a slash at its end."""
        return next(str(e["url"]) for e in self.status()["endpoints"] if e["name"] == name).rstrip("/")

    def tool(self, name: str) -> str:
        """Path of a program that devenv uses."""
        if name not in self._paths:
            rows = json.loads(self.devenv("tools", "--json").stdout)
            self._paths.update((str(row["name"]), str(row["path"])) for row in rows)
        return self._paths[name]

    def kubectl(self, *args: str) -> str:
        """Run kubectl against the project's cluster."""
        if "kubeconfig" not in self._paths:
            self._paths["kubeconfig"] = self.devenv("kubeconfig").stdout.strip()
        # A cache of the tests' own: that devenv leaves none in ~/.kube is tested.
        where = ["--kubeconfig", self._paths["kubeconfig"], "--cache-dir", str(self.root / "kube-cache")]
        return run([*self.within, self.tool("kubectl"), *where, *args])


def copy_of_example(example: Path, place: Project, folders: pytest.TempPathFactory) -> Project:
    """A copy of an example under the name of a project whose place it takes, with that one's state."""
    root = folders.mktemp(example.name) / example.name
    shutil.copytree(example, root)
    file = root / "devenv.yaml"
    text, renamed = re.subn(
        r"^project: .*$", f"project: {place.name}", file.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert renamed == 1
    file.write_text(text, encoding="utf-8")
    return Project(root, place.env)


def state_of_its_own(folders: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a project that shares nothing with others, outside of CI."""
    return {"XDG_STATE_HOME": str(folders.mktemp("state")), "CI": ""}


@contextmanager
def in_its_place(product: Project) -> Iterator[Project]:
    """A product that takes another's place in a cluster: what is its own alone goes with it."""
    yield product
    product.write_spec({"project": product.name, "stacks": [{"name": name} for name in _OF_MOST]})
    product.devenv("prune", "--yes")


@contextmanager
def alone(project: Project) -> Iterator[Project]:
    """A project, of which nothing is up before the body, be it of a run in another folder, nor afterwards."""
    project.devenv("down", "--adopt", "--yes", timeout=120)
    yield project
    project.devenv("down", "--adopt", "--yes", timeout=120)


def run(argv: Sequence[str], *, timeout: float = 300) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def control_plane(project: Project) -> str:
    """The ID of the container that a cluster lives in: another one is another cluster."""
    return run(["docker", "inspect", "-f", "{{.Id}}", f"devenv-{project.name}-control-plane"]).strip()


def engine_objects() -> dict[str, set[str]]:
    """Everything in the engine that `devenv down` must not leave behind, by kind."""
    return {
        "containers": set(run(["docker", "ps", "-aq", "--no-trunc"]).split()),
        "volumes": set(run(["docker", "volume", "ls", "-q"]).split()),
        "networks": set(run(["docker", "network", "ls", "--format", "{{.Name}}"]).split()),
    }
