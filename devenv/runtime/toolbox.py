"""The programs and the files of modules that there are, and the programs that a cluster is worked on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from devenv.adapters.charts.helm import Helm
from devenv.adapters.kind import Kind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import ToolMissingError
from devenv.spec.versions import ToolVersion


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What was found on this machine, or has been provided since."""

    kubeconfig: Path
    """Of the cluster that Helm and kubectl are bound to; it may not exist yet."""
    programs: Mapping[str, Path] = field(default_factory=dict)
    """By tool."""
    modules: Mapping[str, Path] = field(default_factory=dict)
    """Go module to the folder of its files."""

    @classmethod
    def locate(cls, kubeconfig: Path, tools: Mapping[str, ToolVersion]) -> Self:
        """With those of some programs that are on this machine."""
        found = Toolchain(tools).locate_all()
        return cls(kubeconfig, {tool: located.path for tool, located in found.items() if located.path})

    def with_program(self, tool: str, program: Path) -> Toolbox:
        """The same with one more program."""
        return replace(self, programs={**self.programs, tool: program})

    def with_module(self, module: str, folder: Path) -> Toolbox:
        """The same with one more module."""
        return replace(self, modules={**self.modules, module: folder})

    def program(self, tool: str) -> Path:
        """The program of a tool; raises ToolMissingError."""
        try:
            return self.programs[tool]
        except KeyError:
            raise ToolMissingError(f"{tool} is not available", hint="devenv tools") from None

    @property
    def kind(self) -> Kind:
        """Kind; raises ToolMissingError."""
        return Kind(self.program("kind"))

    @property
    def helm(self) -> Helm:
        """Helm; raises ToolMissingError."""
        return Helm(self.program("helm"), self.kubeconfig)

    @property
    def kubectl(self) -> Kubectl:
        """Kubectl; raises ToolMissingError."""
        return Kubectl(self.program("kubectl"), self.kubeconfig)
