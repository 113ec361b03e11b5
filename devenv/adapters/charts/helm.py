"""Helm: releases installed, upgraded, rolled back, removed; charts rendered.

Responsible for Helm's command line. Values go through stdin, because they hold secrets and arguments can be
read by every process. Helm's own folders are devenv's, never the user's: their repositories, plugins, logins
do not leak in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
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
class ChartRelease:
    """A chart with what makes a release of it."""

    name: str
    namespace: str
    chart: str
    """A folder, an `oci://` reference, or a name in `repository`."""
    values: str = "{}"
    """JSON; it goes through stdin."""
    repository: str | None = None
    version: str | None = None

    @property
    def arguments(self) -> list[str]:
        """What follows the command; the namespace goes with every command."""
        repository = ["--repo", self.repository] if self.repository else []
        version = ["--version", self.version] if self.version else []
        return [self.name, self.chart, *repository, *version, "--values", "-"]


class Helm:
    """Helm against one cluster."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self._program = program
        self._kubeconfig = kubeconfig

    def upgrade(
        self,
        release: ChartRelease,
        *,
        deadline: timedelta,
        labels: Mapping[str, str],
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
        argv = ["upgrade", *release.arguments, "--install"]
        # No --create-namespace: Helm would apply the namespace as its own, and take away the labels of the release that
        # declares it.
        argv += ["--labels", _pairs(labels), "--hide-notes"]
        argv += ["--wait=watcher", "--wait-for-jobs"] if wait else ["--wait=hookOnly"]
        # Force: another field manager (a user's `kubectl edit`) must not stop an upgrade.
        argv += ["--server-side=true", "--force-conflicts", "--history-max", _HISTORY]
        # The API server checks every field of what is applied, strictly. Without Helm's own check beforehand, which
        # fetches and parses the schemas of all kinds, an upgrade takes a third of its processor time.
        argv += ["--disable-openapi-validation"]
        argv += ["--timeout", _duration(deadline), "--description", "installed by devenv"]
        self._run(
            argv,
            release.namespace,
            stdin=release.values,
            timeout=(deadline + _ROLLBACK_ALLOWANCE).total_seconds(),
            cancel=cancel,
            on_line=on_line,
            what=f"install chart {release.name}",
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
        self, release: ChartRelease, *, kubernetes: str | None = None, cancel: threading.Event | None = None
    ) -> str:
        """The manifests that a chart makes of values, CRDs included; no cluster is asked."""
        version = ["--kube-version", kubernetes] if kubernetes else []
        return self._render(release, ["--include-crds", *version], cancel)

    def preview(self, release: ChartRelease, *, cancel: threading.Event | None = None) -> str:
        """The manifests of which an upgrade of a release would be made, hooks left out.

        Templates may look at the cluster. Nothing is changed, and a release that was left pending is no hindrance.
        """
        flags = ["--dry-run=server", "--is-upgrade", "--no-hooks", "--disable-openapi-validation"]
        return self._render(release, flags, cancel)

    def manifest(self, release: str, revision: int, namespace: str) -> str:
        """The manifests of which a revision of a release was made, hooks left out."""
        argv = ["get", "manifest", release, "--revision", str(revision)]
        return self._run(argv, namespace, what=f"read revision {revision} of release {release}").stdout

    def definitions(self, release: ChartRelease, *, cancel: threading.Event | None = None) -> str:
        """What a chart has in `crds/`, with the subcharts that the values switch on, as manifests; no cluster is asked.

        Helm applies it when it installs a release, and never when it upgrades one.
        """
        text = self.template(release, cancel=cancel)
        begin = _CRDS.match(text)
        if begin is None:
            return ""
        end = re.search(_TEMPLATES.format(chart=re.escape(begin["chart"])), text, re.MULTILINE)
        return text[: end.start()] if end else text

    def _render(self, release: ChartRelease, flags: Sequence[str], cancel: threading.Event | None) -> str:
        argv = ["template", *release.arguments, *flags]
        what = f"render chart {release.name}"
        return self._run(argv, release.namespace, stdin=release.values, cancel=cancel, what=what).stdout

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
