"""The sources of stacks, rendered for a profile: objects, with the template of each as far as Helm tells it.

Responsible for rendering each only once where profiles share it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import DevenvError, ToolMissingError
from devenv.plan.observed import StackInput
from devenv.plan.stack_steps import source_steps
from devenv.plan.steps import ApplyManifests, InstallChart
from devenv.runtime.examination.batches import render_together
from devenv.runtime.observe.rendering import origin, rendered_offline
from devenv.runtime.toolbox import Toolbox
from devenv.spec.kubernetes.finding import Rendered, mapping
from devenv.spec.workspace import LoadedStack

Step = InstallChart | ApplyManifests
Made = tuple[tuple[Json, str], ...]
"""Objects, each with the file in the chart that made it; empty where that is not known."""
_BEGIN = re.compile(r"^---\n# Source: [^/\n]+/(.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RenderedSource:
    """One source of a stack, in one profile."""

    stack: LoadedStack
    profile: str
    step: Step
    folder: Path
    """The chart, the kustomization, or the manifests."""
    made: Made = ()
    failure: DevenvError | None = None
    """Why it could not be rendered."""

    @property
    def objects(self) -> Iterator[tuple[Rendered, str]]:
        """Each object, where it comes to, and its file in the chart."""
        for item, template in self.made:
            namespace = mapping(item, "metadata").get("namespace") or self.step.namespace
            yield Rendered(self.stack.spec.name, str(namespace), item), template


@dataclass(frozen=True)
class Renderer:
    """Renders sources by Helm and kubectl, for a version of Kubernetes; several threads may ask it at once."""

    toolbox: Toolbox
    kubernetes: str
    begun: dict[object, Future[Made]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def source(self, stack: LoadedStack, step: Step, profile: str) -> RenderedSource:
        """A source as it comes out, or why it does not."""
        path = step.chart if isinstance(step, InstallChart) else step.path
        if step.module and step.module not in self.toolbox.modules:
            missing = ToolMissingError(f"module {step.module} is not on this machine yet", hint="devenv pull")
            return RenderedSource(stack, profile, step, Path(path), failure=missing)
        folder = origin(step.module, path, self.toolbox)
        try:
            return RenderedSource(stack, profile, step, folder, self._once(step))
        except DevenvError as error:
            return RenderedSource(stack, profile, step, folder, failure=error)

    def together(self, steps: Sequence[ApplyManifests]) -> None:
        """Render kustomizations at once, each as a source to come finds it; those that are refused are left to it."""
        for place, objects in render_together(steps, self.toolbox.kubectl).items():
            future: Future[Made] = Future()
            future.set_result(tuple((item, "") for item in objects))
            with self.lock:
                self.begun.setdefault(_identity(steps[place]), future)

    def _once(self, step: Step) -> Made:
        key = _identity(step)
        with self.lock:
            mine = key not in self.begun
            future = self.begun.setdefault(key, Future())
        if mine:
            try:
                future.set_result(tuple(_objects(rendered_offline(step, self.toolbox, self.kubernetes))))
            except DevenvError as error:
                future.set_exception(error)
        return future.result()


def steps_of(inputs: Iterable[tuple[LoadedStack, StackInput]]) -> Iterator[tuple[LoadedStack, Step]]:
    """Every source of stacks, as what applies it."""
    for stack, made in inputs:
        for step in source_steps(stack.spec, made):
            yield stack, step


def _identity(step: Step) -> object:
    """What a rendering depends on."""
    if isinstance(step, InstallChart):
        return (step.release, step.namespace, step.chart, step.module, step.values, step.drop_dependencies)
    return (step.path, step.module, step.kustomize, step.images)


def _objects(text: str) -> Iterator[tuple[Json, str]]:
    begins = list(_BEGIN.finditer(text))
    if not begins:
        yield from ((item, "") for item in manifests.documents(text))
        return
    ends = [begin.start() for begin in begins[1:]] + [len(text)]
    for begin, end in zip(begins, ends, strict=True):
        yield from ((item, begin[1]) for item in manifests.documents(text[begin.end() : end]))
