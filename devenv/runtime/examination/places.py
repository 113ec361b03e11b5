"""From a value of a rendered object back to the line that somebody wrote.

Responsible for choosing whom to ask: devenv.yaml for services, a chart, or the files of a kustomization.
"""

from __future__ import annotations

from pathlib import Path

from devenv.errors import DevenvError, SpecError
from devenv.plan.steps import InstallChart
from devenv.runtime.examination.charts import ChartFiles
from devenv.runtime.examination.place import Place, line_with, lines_of
from devenv.runtime.examination.sources import RenderedSource
from devenv.runtime.examination.written import WrittenObjects
from devenv.spec.kubernetes.finding import Rendered
from devenv.spec.workspace import Workspace
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import read_yaml


class Places:
    """The places of one project's objects, in one profile."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._project = workspace.root / "devenv.yaml"
        self._charts: dict[tuple[str, Path], ChartFiles] = {}
        self._written: dict[Path, WrittenObjects] = {}
        self._document: Document | None = None

    def of(self, source: RenderedSource, rendered: Rendered, template: str, path: KeyPath) -> Place:
        """Where a value of an object was written, as nearly as it can be told."""
        if place := self._service(source.stack.spec.name, path):
            return place
        if isinstance(source.step, InstallChart):
            return self._chart(source).place(rendered, template, path)
        return self._of_folder(source.folder).place(rendered, path)

    def of_failure(self, source: RenderedSource, error: DevenvError) -> Place:
        """Where what cannot be rendered is wrong."""
        if isinstance(error, SpecError) and error.problems:
            return Place(error.problems[0].file, error.problems[0].line)
        if place := self._service(source.stack.spec.name, ()):
            return place
        message = "\n".join([error.message, *error.context.values()])
        if isinstance(source.step, InstallChart):
            return self._chart(source).failure(message)
        return self._of_folder(source.folder).failure(message)

    def _chart(self, source: RenderedSource) -> ChartFiles:
        key = source.stack.spec.name, source.folder
        if key not in self._charts:
            self._charts[key] = ChartFiles(source.stack, source.folder, source.profile, self._project)
        return self._charts[key]

    def _of_folder(self, folder: Path) -> WrittenObjects:
        if folder not in self._written:
            self._written[folder] = WrittenObjects(folder)
        return self._written[folder]

    def _service(self, name: str, path: KeyPath) -> Place | None:
        """The entry of devenv.yaml, or of an import, that a stack was made of."""
        if imported := self._workspace.imported.get(name):
            return Place(imported, line_with(lines_of(imported), rf"^\s*(- name:\s*)?{name}\b") or 1)
        project = self._workspace.project
        for part, made in (("services", project.services), ("databases", project.databases)):
            if name in made:
                self._document = self._document or read_yaml(self._project).document
                last = [key for key in path if isinstance(key, str)][-1:]
                return Place(self._project, self._document.line((part, name, *last))) if self._document else None
        return None
