"""What of a service is debugged: which container, what it runs, in which language, and where its sources are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ImageError, NotDebuggableError
from devenv.runtime.debugging.go_program import is_go, is_stripped, source_root
from devenv.runtime.debugging.languages import DEBUGGERS, Language, Program, listening, under_debugger
from devenv.runtime.debugging.pod_template import Debugging
from devenv.runtime.environment import Environment
from devenv.spec.image_reference import Reference
from devenv.workflows.services.choice import choose_container

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked for in an image that does not say."""


@dataclass(frozen=True, slots=True)
class DebuggedProgram:
    """What is debugged, and how an editor finds its sources."""

    debugging: Debugging
    sources: str
    """Their folder, relative to the project."""
    inside: str
    """The same folder in the container, or where the program was built."""

    @property
    def helper(self) -> str:
        """The image with the debugger's files, by its name in the catalogue; empty where there is none."""
        return DEBUGGERS[self.debugging.language].image


@dataclass(frozen=True, slots=True)
class _Container:
    """A container with what its image says of it."""

    spec: Json
    image: Mapping[str, Any]
    """The configuration of its image; empty where the engine does not have it."""

    @property
    def words(self) -> Sequence[str]:
        """What it runs: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container."""
        if command := self.spec.get("command"):
            return [*command, *(self.spec.get("args") or ())]
        given = self.spec.get("args") or self.image.get("Cmd") or ()
        return [*(self.image.get("Entrypoint") or ()), *given]

    @property
    def folder(self) -> str:
        return str(self.spec.get("workingDir") or self.image.get("WorkingDir") or "/")

    @property
    def variables(self) -> dict[str, str]:
        """Those of its image."""
        return dict(text.split("=", 1) for text in self.image.get("Env") or () if "=" in text)


def debugged_program(
    environment: Environment,
    template: Json,
    stack: str,
    *,
    container: str = "",
    language: Language | None = None,
    waits: bool = False,
) -> DebuggedProgram:
    """What of a pod is debugged.

    Args:
        environment: has the image and the sources.
        template: the specification of the pod.
        stack: for messages.
        container: its name; the first one's when empty.
        language: as the user says it; else it is told from what runs.
        waits: whether the program begins only once somebody has attached.

    Raises:
        UsageError: there is no such container.
        NotDebuggableError: its language cannot be told, or no debugger can start what it runs.
    """
    chosen_one = choose_container(template, container)
    found = _Container(chosen_one, _image(environment, chosen_one["image"]))
    if not found.words:
        raise NotDebuggableError(
            f"what {stack} runs is not known: the engine has no image {found.spec['image']}",
            hint=f"docker pull {found.spec['image']}",
        )
    program = Program.of(found.words)
    chosen = language or program.language
    file = b"" if chosen in ("python", "node") or program.is_script else _file(environment, found, program.words[0])
    chosen = chosen or ("go" if is_go(file) else None)
    if chosen is None:
        raise NotDebuggableError(
            f"the language of {stack} cannot be told from what it runs: {' '.join(found.words)}",
            hint=f"devenv debug {stack} --language python, or go, or node",
        )
    if chosen == "go":
        _require_debuggable(stack, file)
    words = under_debugger(chosen, program, stack, waits=waits)
    helper = DEBUGGERS[chosen].image
    reference = environment.catalogue[helper].own or "" if helper else ""
    asked = listening(chosen, program) if waits else ()
    debugging = Debugging(chosen, chosen_one["name"], words, reference, found.variables, waits, asked)
    context = _context(environment, found.spec["image"])
    inside = source_root(file, _go_files(context)) if file else ""
    return DebuggedProgram(debugging, os.path.relpath(context, environment.workspace.root), inside or found.folder)


def _image(environment: Environment, reference: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = environment.engine.images.inspect(reference)["Config"]
    except ImageError:
        return {}  # a registry may have given it to the nodes alone
    return found


def _file(environment: Environment, container: _Container, program: str) -> bytes:
    """The file of a program, out of its image; nothing where it is not found there."""
    if "/" in program:
        places = [str(PurePosixPath(container.folder, program))]
    else:
        places = [f"{folder}/{program}" for folder in container.variables.get("PATH", _PATH).split(":")]
    with tempfile.TemporaryDirectory(prefix="devenv-debug-") as folder:
        for place in places:
            try:
                environment.engine.files.copy_out(container.spec["image"], place, Path(folder, "program"))
            except ImageError:
                continue
            return Path(folder, "program").read_bytes()
    return b""


def _require_debuggable(stack: str, file: bytes) -> None:
    """See that Delve has something to debug; a file that was not found it will look for itself."""
    if file and not is_go(file):
        raise NotDebuggableError(
            f"what {stack} runs is no program of Go", hint=f"devenv debug {stack} --language python, or node"
        )
    if file and is_stripped(file):
        raise NotDebuggableError(
            f"the program of {stack} holds nothing to debug by: it was linked with -s or -w",
            hint='in its Dockerfile: go build -gcflags "all=-N -l", without -ldflags "-s -w"; then: devenv up',
        )


def _context(environment: Environment, reference: str) -> Path:
    """The folder that an image is built from, where it is the project's own; else the project's."""
    catalogue, workspace = environment.catalogue, environment.workspace
    repository = Reference.parse(reference).repository
    for name, image in workspace.project.images.items():
        own = catalogue[name].own
        if own and Reference.parse(own).repository == repository:
            return workspace.root / image.context
    return workspace.root


def _go_files(context: Path) -> list[str]:
    return [file.relative_to(context).as_posix() for file in context.rglob("*.go")]
