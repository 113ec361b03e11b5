"""A running cluster, and charts that are made and installed in it the way a step of a plan does."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import DevenvError
from devenv.runtime.diagnosis import Scope
from devenv.runtime.steps.install import ChartInstallation, install
from devenv.runtime.steps.readiness import await_workloads

Json = dict[str, Any]


@dataclass
class Outcome:
    """How an installation ended, and what it told meanwhile."""

    error: DevenvError | None
    named: float
    """Seconds from its beginning until the cause was told."""
    seconds: float
    reported: list[str]

    @property
    def facts(self) -> str:
        return f"{self.error.message}\n{self.error.context}" if self.error else ""


@dataclass
class Lab:
    """A cluster, and charts made for it. Each release gets a namespace of its own, `diagnosis-<release>`."""

    api: Cluster
    helm: Helm
    kubectl: Kubectl
    folder: Path
    image: str
    """An image on the nodes that has a shell."""
    namespaces: set[str] = field(default_factory=set)

    def namespace(self, release: str) -> str:
        self.namespaces.add(f"diagnosis-{release}")
        return f"diagnosis-{release}"

    def write_chart(self, release: str, *objects: Json) -> Path:
        chart = self.folder / release
        (chart / "templates").mkdir(parents=True, exist_ok=True)
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {release}\nversion: 0.1.0\n")
        for number, item in enumerate(objects):
            (chart / "templates" / f"{number}.yaml").write_text(json.dumps(item))
        return chart

    def install(
        self, release: str, *objects: Json, deadline: float = 120, cancel: threading.Event | None = None
    ) -> Outcome:
        chart = self.write_chart(release, *objects)
        began, reported = time.monotonic(), list[tuple[float, str]]()
        wanted = ChartInstallation(
            ChartRelease(release, self.namespace(release), str(chart)),
            timedelta(seconds=deadline),
            {"devenv.io/stack": release, "devenv.io/content": "abc"},
        )
        error: DevenvError | None = None
        try:
            install(
                self.helm,
                self.api,
                wanted,
                kubectl=self.kubectl,
                cancel=cancel or threading.Event(),
                on_line=lambda _: None,
                progress=lambda message: reported.append((time.monotonic() - began, message)),
            )
        except DevenvError as failure:
            error = failure
        seconds = time.monotonic() - began
        named = next((at for at, text in reported if text.startswith("cannot become ready")), seconds)
        return Outcome(error, named, seconds, [text for _, text in reported])

    def succeed(self, release: str, *objects: Json) -> list[str]:
        outcome = self.install(release, *objects)
        assert outcome.error is None, outcome.facts
        return outcome.reported

    def await_workloads(self, stack: str) -> None:
        await_workloads(
            self.api,
            Scope.of_stack(stack, self.namespace(stack), self.api.releases()),
            timedelta(seconds=60),
            kubectl=self.kubectl,
            cancel=threading.Event(),
            progress=lambda _: None,
        )

    def container(self, *command: str, **more: Any) -> Json:
        made = {"name": "main", "image": self.image, "imagePullPolicy": "IfNotPresent", **more}
        return {**made, "command": list(command)}
