"""Helm: releases installed, upgraded, rolled back, removed; charts rendered and checked.

Responsible for Helm's command line. Values go through stdin, because they hold secrets and arguments can be
read by every process. Helm's own folders are devenv's, never the user's: their repositories, plugins, logins
do not leak in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from devenv.adapters import process
from devenv.adapters.files.paths import cache_dir, kube_cache
from devenv.adapters.process import OnLine

_QUICK = 60.0
_ROLLBACK_ALLOWANCE = timedelta(seconds=120)
"""Beyond a release's deadline, for Helm's own rollback: it waits for the former revision."""
_HISTORY = "5"
_CRDS = re.compile(r"---\n# Source: (?P<chart>[^/\n]+)/(charts/[^/\n]+/)*crds/")
_TEMPLATES = r"^---\n# Source: {chart}/(charts/[^/\n]+/)*templates/"
"""What Helm writes before each file that it prints: those in `crds/` come first."""


@dataclass(frozen=True, slots=True)
class ChartRef:
    """A chart: a folder, an `oci://` reference, or a name in a repository."""

    name: str
    repository: str | None = None
    version: str | None = None

    def arguments(self) -> list[str]:
        """What follows the release's name."""
        flags = ["--repo", self.repository] if self.repository else []
        return [self.name, *flags, *(["--version", self.version] if self.version else [])]


class Helm:
    """Helm against one cluster."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._program = program
        self._kubeconfig = kubeconfig

    def upgrade(
        self,
        release: str,
        chart: str,
        namespace: str,
        values_json: str,
        *,
        deadline: timedelta,
        labels: Mapping[str, str],
        version: str | None = None,
        repository: str | None = None,
        wait: bool = True,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Install or upgrade a release in an existing namespace and wait until it is ready.

        With `wait` false it ends when all is applied and the hooks have run. A failure is left as it is: Helm's own way
        back deletes what it has created anew, pods included, and stops at what Kubernetes does not let be changed.

        Raises:
            CommandFailedError: the release failed.
            InterruptedRunError: `cancel` was set.
        """
        argv = ["upgrade", release, *ChartRef(chart, repository, version).arguments(), "--install"]
        # No --create-namespace: Helm would apply the namespace as its own, and take away the labels of the release that
        # declares it.
        argv += ["--values", "-", "--labels", _pairs(labels), "--hide-notes"]
        argv += ["--wait=watcher", "--wait-for-jobs"] if wait else ["--wait=hookOnly"]
        # Force: another field manager (a user's `kubectl edit`) must not stop an upgrade.
        argv += ["--server-side=true", "--force-conflicts", "--history-max", _HISTORY]
        # The API server checks every field of what is applied, strictly. Without Helm's own check beforehand, which
        # fetches and parses the schemas of all kinds, an upgrade takes a third of its processor time.
        argv += ["--disable-openapi-validation"]
        argv += ["--timeout", _duration(deadline), "--description", "installed by devenv"]
        self._run(
            argv,
            namespace,
            stdin=values_json,
            timeout=(deadline + _ROLLBACK_ALLOWANCE).total_seconds(),
            cancel=cancel,
            on_line=on_line,
            what=f"install chart {release}",
        )

    def uninstall(
        self,
        release: str,
        namespace: str,
        *,
        deadline: timedelta = timedelta(minutes=2),
        wait: bool = True,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Remove a release; that there is none is fine."""
        argv = ["uninstall", release, "--ignore-not-found", "--timeout", _duration(deadline)]
        self._run(
            [*argv, "--wait=watcher" if wait else "--wait=hookOnly"],
            namespace,
            timeout=deadline.total_seconds() + _QUICK,
            cancel=cancel,
            on_line=on_line,
            what=f"remove release {release}",
        )

    def rollback(
        self,
        release: str,
        revision: int,
        namespace: str,
        *,
        deadline: timedelta = timedelta(seconds=30),
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Bring back a revision, without waiting for its pods and without its hooks."""
        argv = ["rollback", release, str(revision), "--wait=hookOnly", "--no-hooks", "--force-conflicts"]
        self._run(
            [*argv, "--server-side=true", "--timeout", _duration(deadline)],
            namespace,
            timeout=deadline.total_seconds() + _QUICK,
            cancel=cancel,
            on_line=on_line,
            what=f"roll release {release} back to revision {revision}",
        )

    def template(
        self,
        release: str,
        chart: str,
        namespace: str,
        values_json: str = "{}",
        *,
        version: str | None = None,
        repository: str | None = None,
        kubernetes: str | None = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """The manifests that a chart makes of values, CRDs included; no cluster is asked."""
        argv = ["template", release, *ChartRef(chart, repository, version).arguments(), "--include-crds"]
        argv += ["--values", "-", *(["--kube-version", kubernetes] if kubernetes else [])]
        what = f"render chart {release}"
        return self._run(argv, namespace, stdin=values_json, cancel=cancel, what=what).stdout

    def preview(
        self,
        release: str,
        chart: str,
        namespace: str,
        values_json: str,
        *,
        version: str | None = None,
        repository: str | None = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """The manifests of which an upgrade of a release would be made, hooks left out.

        Templates may look at the cluster. Nothing is changed, and a release that was left pending is no hindrance.
        """
        argv = ["template", release, *ChartRef(chart, repository, version).arguments(), "--values", "-"]
        argv += ["--dry-run=server", "--is-upgrade", "--no-hooks", "--disable-openapi-validation"]
        return self._run(argv, namespace, stdin=values_json, cancel=cancel, what=f"render chart {release}").stdout

    def manifest(self, release: str, revision: int, namespace: str) -> str:
        """The manifests of which a revision of a release was made, hooks left out."""
        argv = ["get", "manifest", release, "--revision", str(revision)]
        return self._run(argv, namespace, what=f"read revision {revision} of release {release}").stdout

    def definitions(
        self,
        release: str,
        chart: str,
        namespace: str,
        values_json: str = "{}",
        *,
        version: str | None = None,
        repository: str | None = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """What a chart has in `crds/`, with the subcharts that the values switch on, as manifests; no cluster is asked.

        Helm applies it when it installs a release, and never when it upgrades one.
        """
        text = self.template(
            release, chart, namespace, values_json, version=version, repository=repository, cancel=cancel
        )
        begin = _CRDS.match(text)
        if begin is None:
            return ""
        end = re.search(_TEMPLATES.format(chart=re.escape(begin["chart"])), text, re.MULTILINE)
        return text[: end.start()] if end else text

    def lint(self, chart: Path, values_json: str = "{}", *, strict: bool = True) -> str:
        """What Helm finds to say about a chart; raises CommandFailedError when it finds it wrong."""
        argv = ["lint", str(chart), "--values", "-", "--quiet", *(["--strict"] if strict else [])]
        return self._run(argv, "default", stdin=values_json, what=f"check chart {chart.name}").stdout

    def _run(
        self,
        argv: list[str],
        namespace: str,
        *,
        stdin: str | None = None,
        timeout: float = _QUICK,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
        what: str = "",
    ) -> process.Completed:
        where = ["--kubeconfig", str(self._kubeconfig), "--namespace", namespace, "--color", "never"]
        return process.run(
            [str(self._program), *argv, *where],
            stdin=stdin.encode() if stdin is not None else None,
            env=self._environment(),
            timeout=timeout,
            cancel=cancel,
            on_line=on_line,
            what=what,
        )

    def _environment(self) -> dict[str, str]:
        """Helm's variables, all of them: what the user has set is meant for other clusters."""
        home = cache_dir() / "helm"
        folders = {f"HELM_{part}_HOME": str(home / part.lower()) for part in ("CONFIG", "CACHE", "DATA")}
        files = {
            "HELM_PLUGINS": str(home / "plugins"),
            "HELM_REGISTRY_CONFIG": str(home / "config/registry.json"),
            "HELM_REPOSITORY_CONFIG": str(home / "config/repositories.yaml"),
            "HELM_REPOSITORY_CACHE": str(home / "cache/repository"),
            "HELM_CONTENT_CACHE": str(home / "cache/content"),
        }
        unset = dict.fromkeys(
            ("KUBECONTEXT", "KUBEAPISERVER", "KUBETOKEN", "KUBEASUSER", "KUBECAFILE", "NAMESPACE"), ""
        )
        cleared = {f"HELM_{name}": value for name, value in unset.items()}
        return {
            **folders,
            **files,
            **cleared,
            "HELM_DRIVER": "secret",
            "HELM_DEBUG": "false",
            "KUBECONFIG": str(self._kubeconfig),
            "KUBECACHEDIR": str(kube_cache(self._kubeconfig)),
        }


def _duration(span: timedelta) -> str:
    return f"{max(1, int(span.total_seconds()))}s"


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())
