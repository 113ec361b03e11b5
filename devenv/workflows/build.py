"""`devenv build`: the project's own images, built through BuildKit into the engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import UsageError
from devenv.images.catalogue.presence import observe_images
from devenv.plan.image import Mode
from devenv.plan.parts import plan_build
from devenv.plan.plan import Plan
from devenv.plan.provision import BUILDX
from devenv.runtime.environment import Environment
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.spec.read.wording import name_hint
from devenv.spec.workspace import Workspace
from devenv.workflows.access.connect import connect
from devenv.workflows.access.consent import agree_to_commands
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform, report_substitutions
from devenv.workflows.run.leading_tasks import run_leading_tasks


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """One image of the project, which the engine has now."""

    name: str
    reference: str
    id: str
    """By which the engine knows the image."""
    size: int
    """Bytes, unpacked."""
    built: bool
    """Whether this run built it; it was there already otherwise."""

    def as_dict(self) -> dict[str, object]:
        """The image as JSON-ready data."""
        return {"name": self.name, "reference": self.reference, "id": self.id, "size": self.size, "built": self.built}


@dataclass(frozen=True, slots=True)
class BuildCommand:
    """What the user asked for."""

    directory: Path
    names: tuple[str, ...] = ()
    """Images of devenv.yaml; all of them when there are none."""
    assume_yes: bool = False
    images: Mode = "auto"
    """Where the images come from that these are built on."""


def build(command: BuildCommand, session: Session) -> list[BuiltImage]:
    """Build those of the project's images whose sources have changed, several at once, after the tasks that come first.

    Raises:
        SpecError: with every problem of the specification.
        UsageError: devenv.yaml names no such image.
        HostCommandError: nobody has agreed to a command of a task or an image.
        EngineUnavailableError: no engine answers and none may be installed.
        RunFailedError: builds failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
    """
    began = time.monotonic()
    workspace = load_project(command.directory, session)
    project_images(workspace, command.names)
    environment = connect(workspace, session, agreed=command.assume_yes)
    with exclusive(environment.engine, workspace.project.project, session):
        environment = run_leading_tasks(
            environment, session, began, assume_yes=command.assume_yes, again="devenv build"
        )
        names = project_images(environment.workspace, command.names)
        return build_images(environment, names, command.images, session, began, assume_yes=command.assume_yes)


def build_images(
    environment: Environment,
    names: Sequence[str],
    mode: Mode,
    session: Session,
    began: float,
    *,
    assume_yes: bool = False,
) -> list[BuiltImage]:
    """As `build`, in a project that is locked; `began` is the command's start on the monotonic clock."""
    described = environment.catalogue.described(names)
    state = RunState(Toolbox.locate(environment.kubeconfig, {BUILDX: environment.workspace.versions.tools[BUILDX]}))

    def plan() -> Plan:
        images = observe_images(environment.engine, described, names, mode, given_up=state.given_up)
        has_buildx = BUILDX in state.toolbox.programs
        made = plan_build(environment.names, names, images, mode, has_buildx=has_buildx)
        report_substitutions(made, images, state, session, command="devenv build")
        return made

    first = plan()
    if first.nodes:
        commands = first.host_commands
        agree_to_commands(environment, commands, session, assume_yes=assume_yes, again="devenv build")
        info = RunInfo(began, session.open_log(environment.state / "logs"))
        perform(first, environment, state, session, info, again="devenv build", replan=plan)
    return [_built(name, environment, first) for name in names]


def _built(name: str, environment: Environment, plan: Plan) -> BuiltImage:
    reference = environment.catalogue[name].own or ""
    facts = environment.engine.images.inspect(reference)
    return BuiltImage(name, reference, facts["Id"], int(facts["Size"]), name not in plan.unchanged)


def project_images(workspace: Workspace, names: Sequence[str]) -> tuple[str, ...]:
    """The images of devenv.yaml of these names, all of them when none is named; raises UsageError on others."""
    known = workspace.project.images
    if not known:
        raise UsageError(
            "devenv.yaml has no images of the project's own",
            hint="name one under images, with the folder of its Dockerfile as context",
        )
    for name in names:
        if name not in known:
            raise UsageError(f"devenv.yaml has no image {name}", hint=name_hint(name, known, "images of this project"))
    return tuple(dict.fromkeys(names)) or tuple(known)
