"""Rules, monitors and dashboards as Helm and kubectl make them of the project's own charts and kustomizations.

Responsible for rendering what mentions them and for finding the line that a problem was written on. What is right, the
checks of `devenv.spec` say; what cannot be rendered is told by the step that installs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.adapters.charts import kustomize
from devenv.adapters.charts.charts import complete
from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import DevenvError, Problem
from devenv.plan.observed import StackInput
from devenv.runtime.observe.stack_files import chart_files, files_below, kustomization_files
from devenv.runtime.toolbox import Toolbox
from devenv.spec.checks.dashboard_files import LABEL, Written, further_problems
from devenv.spec.checks.grafana_files import CHOSEN, carried_problems
from devenv.spec.checks.grafana_files import LABEL as GRAFANA
from devenv.spec.checks.monitoring_objects import KINDS, is_promql_asked, object_problems
from devenv.spec.read.problems import require_none
from devenv.spec.stack import Source, StackSpec
from devenv.spec.workspace import LoadedStack, Workspace
from devenv.spec.yaml.config_maps import carried_texts
from devenv.spec.yaml.reader import parse_objects

Inputs = Sequence[tuple[StackSpec, StackInput]]
_SOURCE = re.compile(r"^# Source: [^/\n]+/(.+)$", re.MULTILINE)
_MENTIONED = tuple(text.encode() for text in (*KINDS, LABEL, GRAFANA))


@dataclass(frozen=True, slots=True)
class Renderers:
    """The programs that render; None where there is none yet."""

    helm: Helm | None
    kubectl: Kubectl | None

    @classmethod
    def of(cls, toolbox: Toolbox) -> Renderers:
        """Those that are there."""
        programs = toolbox.programs
        return cls(toolbox.helm if "helm" in programs else None, toolbox.kubectl if "kubectl" in programs else None)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one source of a stack comes to."""

    stack: LoadedStack
    folder: Path
    """The chart, or the kustomization."""
    text: str

    def problem(self, found: Problem) -> Problem:
        """A problem on a line of the text as one of the file that the line comes from."""
        lines = self.text.splitlines()
        files = self._files(found.line)
        for text in _outwards(lines, found.line):
            for file in files:
                if line := _line_of(text, file):
                    return replace(found, file=file, line=line)
        return replace(found, file=files[0], line=1)

    def _files(self, line: int) -> list[Path]:
        """Where the object on a line was written: in its template, or else in any file of the source."""
        sources = [
            self.folder / found[1]
            for found in _SOURCE.finditer(self.text)
            if self.text.count("\n", 0, found.start()) < line
        ]
        template = [file for file in sources[-1:] if file.is_file()]
        others = [file for file in _files_of(self.stack, self.folder) if _mentions(file)]
        return [*template, *others] or [self.folder]


def require_sound_rendering(workspace: Workspace, inputs: Inputs, renderers: Renderers) -> None:
    """Raise SpecError with everything that is wrong with what the project's own stacks come to."""
    rendered = [each for spec, made in inputs for each in _rendered(workspace.stacks[spec.name], made, renderers)]
    promql = is_promql_asked(workspace.stacks[name] for name in workspace.selected)
    problems = [problem for each in rendered for problem in _problems(each, promql=promql)]
    require_none([*problems, *_dashboard_problems(workspace, rendered, promql=promql)])


def render(source: Source, stack: StackSpec, path: str, made: StackInput, renderers: Renderers) -> str:
    """A source of the project's folder as manifests; empty for one that is elsewhere, or whose program is not there.

    Raises:
        DevenvError: it cannot be rendered.
    """
    if source.chart and not source.chart.module and path and renderers.helm:
        with complete(path) as chart:
            release = ChartRelease(source.chart.release or stack.name, stack.namespace, chart, made.values)
            return renderers.helm.template(release)
    if source.kustomize and renderers.kubectl:
        return kustomize.build(renderers.kubectl, Path(path), made.kustomize_images)
    plain = source.manifests and not source.manifests.module
    return manifests.read(Path(path), made.kustomize_images) if plain else ""


def _rendered(stack: LoadedStack, made: StackInput, renderers: Renderers) -> Iterator[Rendered]:
    for source, path in zip(stack.spec.sources, made.sources, strict=True):
        if stack.builtin or source.manifests or not path:
            continue
        if any(_mentions(file) for file in _files_of(stack, Path(path))):
            try:
                yield Rendered(stack, Path(path), render(source, stack.spec, path, made, renderers))
            except DevenvError:
                continue


def _problems(rendered: Rendered, *, promql: bool) -> Iterator[Problem]:
    for document in parse_objects(rendered.text, rendered.folder):
        yield from map(rendered.problem, object_problems(document, promql=promql))


def _dashboard_problems(workspace: Workspace, rendered: Sequence[Rendered], *, promql: bool) -> Iterator[Problem]:
    stacks = [workspace.stacks[name] for name in workspace.selected]
    known: list[Written] = []
    for each in rendered:
        carried = _carried(each, LABEL, "true")
        yield from map(each.problem, further_problems(stacks, known, carried, promql=promql))
        known += carried
        yield from map(each.problem, carried_problems(_carried(each, GRAFANA, CHOSEN)))


def _carried(rendered: Rendered, label: str, value: str) -> list[Written]:
    """The dashboards in ConfigMaps with a label; their lines are those of the text."""
    return [
        Written(rendered.folder, text.text.encode(), text.line)
        for text in carried_texts(rendered.text.encode(), label, value)
        if text.key.endswith(".json")
    ]


def _files_of(stack: LoadedStack, folder: Path) -> list[Path]:
    """A chart's files, or those that a kustomization may name."""
    if (folder / "Chart.yaml").is_file():
        return chart_files(folder)
    return list(dict.fromkeys([*files_below(stack.root), *kustomization_files(folder)]))


def _mentions(file: Path) -> bool:
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return any(word in content for word in _MENTIONED)


def _outwards(lines: Sequence[str], line: int) -> Iterator[str]:
    """The text of a line, and of those around it: the nearest above that are less indented."""
    indentation = None
    for text in reversed(lines[:line]):
        begins = len(text) - len(text.lstrip())
        if text.strip() and (indentation is None or begins < indentation):
            indentation = begins
            yield text.strip(" -")


def _line_of(text: str, file: Path) -> int:
    """Where a file has a line of this text, 0 for nowhere."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.strip(" -") == text), 0)
