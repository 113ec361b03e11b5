"""kubectl: manifests applied server-side, dry runs, commands in containers.

Responsible for kubectl's command line. Manifests go through stdin; a stack's objects are labelled on the way.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from devenv.adapters import process
from devenv.adapters.files.paths import kube_cache
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER
from devenv.adapters.process import OnLine

_SECONDS = 60.0


class Kubectl:
    """kubectl against one cluster."""

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self.program = program
        self.kubeconfig = kubeconfig

    def apply(
        self,
        path_or_yaml_text: Path | str,
        *,
        label: str = "",
        namespace: str = "",
        field_manager: str = FIELD_MANAGER,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Apply manifests server-side: a file, a folder of *.yaml, or text.

        Args:
            path_or_yaml_text: a Path is read, text is taken as it is.
            label: stack that the objects are labelled with (devenv.io/stack).
            namespace: for objects that name none.
            field_manager: owner of the fields, by name.
            cancel: when set, kubectl is stopped.
            on_line: called with each line that kubectl prints.
        """
        text, what = _source(path_or_yaml_text, "apply")
        argv = ["apply", "--server-side", "--force-conflicts", "--field-manager", field_manager, "-f", "-"]
        # CRDs first: what uses them is in the same text at times, and is refused until they are established.
        for part in manifests.parts(text, label):
            self._run([*_in(namespace), *argv], stdin=part.text, cancel=cancel, on_line=on_line, what=what)
            if part.defines:
                self._await_established(part.defines, cancel)

    def delete(
        self, path_or_yaml_text: Path | str, *, namespace: str = "", cancel: threading.Event | None = None
    ) -> None:
        """Delete the objects of manifests; that some are gone is fine."""
        text, what = _source(path_or_yaml_text, "delete")
        argv = ["delete", "--ignore-not-found", "--wait=false", "-f", "-"]
        self._run([*_in(namespace), *argv], stdin=text, cancel=cancel, what=what)

    def dry_run(self, text: str, *, namespace: str = "", cancel: threading.Event | None = None) -> process.Completed:
        """Ask the API server, webhooks included, whether it would accept manifests; the status tells."""
        argv = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--field-manager"]
        return self._run([*_in(namespace), *argv, FIELD_MANAGER, "-f", "-"], stdin=text, cancel=cancel, check=False)

    def exec(
        self,
        namespace: str,
        workload: str,
        container: str | None,
        argv: Sequence[str],
        stdin: bytes | None = None,
        *,
        timeout: timedelta = timedelta(seconds=_SECONDS),
        check: bool = True,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
    ) -> process.Completed:
        """Run a command in a workload's container (`statefulset/postgres`)."""
        command = ["--namespace", namespace, "exec", workload, *(["-c", container] if container else [])]
        command += ["-i"] if stdin is not None else []
        return process.run(
            [*self.command(), *command, "--", *argv],
            stdin=stdin,
            env=self._environment(),
            timeout=timeout.total_seconds(),
            cancel=cancel,
            on_line=on_line,
            check=check,
            what=f"run {argv[0]} in {namespace}/{workload}",
        )

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = _SECONDS,
        check: bool = True,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
        env: Mapping[str, str] | None = None,
        what: str = "",
    ) -> process.Completed:
        """Run any kubectl command."""
        return process.run(
            [*self.command(), *argv],
            env={**self._environment(), **(env or {})},
            timeout=timeout,
            cancel=cancel,
            on_line=on_line,
            check=check,
            what=what or f"run kubectl {' '.join(argv[:2])}",
        )

    def command(self) -> list[str]:
        """How every call begins."""
        return [str(self.program), "--kubeconfig", str(self.kubeconfig)]

    def call(self, *arguments: str) -> list[str]:
        """A call for another process than one that this class starts: it reaches no cluster but this one."""
        return [*self.command(), "--cache-dir", str(kube_cache(self.kubeconfig)), *arguments]

    def pasted(self, *arguments: str) -> str:
        """A call for a hint: it works where kubectl is not on PATH, and reaches no cluster but this one."""
        return shlex.join([*self.command(), *arguments])

    def _await_established(self, names: Sequence[str], cancel: threading.Event | None) -> None:
        wanted = [f"crd/{name}" for name in names]
        argv = ["wait", "--for=condition=Established", "--timeout=60s", *wanted]
        self.run(argv, timeout=2 * _SECONDS, cancel=cancel, what="await the definitions of new kinds")

    def _run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
        check: bool = True,
        what: str = "",
    ) -> process.Completed:
        return process.run(
            [*self.command(), *argv],
            stdin=stdin.encode(),
            env=self._environment(),
            timeout=2 * _SECONDS,
            cancel=cancel,
            on_line=on_line,
            check=check,
            what=what,
        )

    def _environment(self) -> dict[str, str]:
        # KUBERC: a user's preferences would change what the commands mean.
        cache = str(kube_cache(self.kubeconfig))
        return {"KUBECONFIG": str(self.kubeconfig), "KUBECTL_KUBERC": "false", "KUBECACHEDIR": cache}


def _in(namespace: str) -> list[str]:
    return ["--namespace", namespace] if namespace else []


def _source(path_or_text: Path | str, verb: str) -> tuple[str, str]:
    if isinstance(path_or_text, Path):
        return manifests.read(path_or_text), f"{verb} {path_or_text}"
    return path_or_text, f"{verb} manifests"
