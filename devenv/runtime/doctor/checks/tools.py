"""Programs that devenv runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devenv.adapters.process import find_program
from devenv.adapters.tools.toolchain import Located, Toolchain
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.spec.catalogue import load_versions

VERSION = Kind(
    "tool-version",
    Severity.NOTE,
    "A program on PATH has another version than devenv takes",
    "nothing: devenv takes its own; your own calls of that program may behave differently",
    "`devenv tools` shows which program is used, and from where. Those that do not fit are left alone; the version "
    "that does is downloaded or built once.",
)
DOCKER = Kind(
    "docker-missing",
    Severity.ERROR,
    "There is no docker command line",
    "nodes cannot be looked into and images not be built: `tool-missing`",
    "An engine may be there without it: that of Podman, Colima or another machine. devenv runs programs in nodes "
    "by it.",
)


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """Programs as they would be used now."""

    located: Mapping[str, Located]
    docker: bool


def observe(subject: Subject) -> ToolFacts:
    versions = subject.project.workspace.versions if subject.project else load_versions()
    return ToolFacts(Toolchain(versions.tools).locate_all(), find_program("docker") is not None)


def judge(facts: ToolFacts) -> Iterator[Finding]:
    if not facts.docker:
        remedy = "sudo apt-get install docker-cli    # or docker-ce-cli, or: brew install docker"
        yield DOCKER.found("docker is not on PATH", remedy)
    for located in facts.located.values():
        if ", wanted is " in located.note:
            yield VERSION.found(located.note, f"upgrade {located.tool}, or leave it: devenv tools")


CHECK = Check("the programs", observe, judge, (VERSION, DOCKER))
