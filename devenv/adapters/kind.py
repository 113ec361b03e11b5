"""kind: clusters made and removed.

Responsible for kind's command line. Every cluster has a container network of its own, so that removing it
leaves nothing behind and no other cluster's network is touched.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from devenv.adapters import process
from devenv.adapters.files.scratch import scratch
from devenv.adapters.host.limits import ENOUGH_INSTANCES, inotify_instances, raising
from devenv.adapters.host.trust import observe_proxies
from devenv.adapters.process import OnLine
from devenv.errors import CommandFailedError

_CREATE_SECONDS = 600.0
_QUICK = 60.0
_CONFIGURED = "✓ Writing configuration"
"""What kind says once the nodes' files are written, and their containerd is started anew where that has another
configuration: kind's pkg/cluster/internal/create/actions/config."""
# kind has the name of its load balancer's image in its code and takes it from nowhere else. To give an image that name
# in the engine would change what the name means to others, so kind is given a `docker` that reads it as ours.
_DOCKER = """#!/bin/sh
for word do
  shift
  case $word in docker.io/envoyproxy/envoy:*) word=$DEVENV_BALANCER_IMAGE ;; esac
  set -- "$@" "$word"
done
exec "$DEVENV_DOCKER" "$@"
"""


class Kind:
    """kind on the present engine."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def create(
        self,
        cluster: str,
        image: str,
        config_yaml: str,
        kubeconfig: Path,
        network: str,
        *,
        balancer_image: str | None = None,
        wait: timedelta = timedelta(0),
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
        on_configured: Callable[[], None] | None = None,
    ) -> None:
        """Create a cluster and write its kubeconfig; the nodes of one that fails stay, for who asks them why.

        Args:
            cluster: its name.
            image: the node image, present in the engine.
            config_yaml: kind's configuration.
            kubeconfig: the file to write; other clusters' files stay as they are.
            network: container network, existing.
            balancer_image: image for the load balancer, present in the engine; kind makes one before several control
                planes.
            wait: how long to wait until the control plane is ready.
            cancel: when set, kind is stopped; what it made stays and has to be deleted.
            on_line: called with each line of progress.
            on_configured: called once the nodes' runtime is configured; before that kind may start it anew.
        """

        def on_output(line: str) -> None:
            if on_configured and _CONFIGURED in line:
                on_configured()
            if on_line:
                on_line(line)

        argv = ["create", "cluster", "--name", cluster, "--image", image, "--config", "-", "--retain"]
        argv += ["--kubeconfig", str(kubeconfig), "--wait", f"{int(wait.total_seconds())}s"]
        try:
            with _images(balancer_image) as env:
                self._run(
                    argv,
                    kubeconfig,
                    env={**env, "KIND_EXPERIMENTAL_DOCKER_NETWORK": network},
                    stdin=config_yaml,
                    timeout=_CREATE_SECONDS + wait.total_seconds(),
                    cancel=cancel,
                    on_line=on_output,
                    what=f"create cluster {cluster}",
                )
        except CommandFailedError as error:
            # A cluster takes some dozens of them, and its nodes end at once without.
            if "is not running" in error.output and (inotify_instances() or ENOUGH_INSTANCES) < ENOUGH_INSTANCES:
                error.hint = f"the host may lack inotify instances: {raising(instances=ENOUGH_INSTANCES)}"
            raise

    def delete(self, cluster: str, kubeconfig: Path, *, cancel: threading.Event | None = None) -> None:
        """Remove a cluster's nodes and its entry in the kubeconfig; that there is none is fine."""
        argv = ["delete", "cluster", "--name", cluster, "--kubeconfig", str(kubeconfig)]
        self._run(argv, kubeconfig, timeout=2 * _QUICK, cancel=cancel, what=f"remove cluster {cluster}")

    def clusters(self) -> list[str]:
        """The names of all of kind's clusters on this engine, devenv's or not."""
        done = process.run(
            [str(self._program), "get", "clusters"], env=_environment(), timeout=_QUICK, what="list clusters"
        )
        return done.stdout.split()

    def _run(
        self,
        argv: list[str],
        kubeconfig: Path,
        *,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        timeout: float = _QUICK,
        cancel: threading.Event | None = None,
        on_line: OnLine | None = None,
        what: str,
    ) -> None:
        kubeconfig.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Of a kind that was killed, which all later ones would take for one at work. Two at once there are not: whoever
        # runs kind on a project's kubeconfig holds the project's lock.
        kubeconfig.with_name(f"{kubeconfig.name}.lock").unlink(missing_ok=True)
        process.run(
            [str(self._program), *argv],
            stdin=stdin.encode() if stdin is not None else None,
            env={**_environment(), "KUBECONFIG": str(kubeconfig), **(env or {})},
            timeout=timeout,
            cancel=cancel,
            on_line=on_line,
            what=what,
        )


def _environment() -> dict[str, str]:
    """The provider is fixed: a user's choice of another one is for another tool's clusters.

    kind hands its proxies to each node in the engine's argument list, where every process can read them, and where they
    stay in what the engine tells of the container. So it gets none that hold a password: nodes then pull without.
    """
    proxies = observe_proxies()
    hidden = dict.fromkeys(proxies.variables(), "") if proxies.passwords() else {}
    return {"KIND_EXPERIMENTAL_PROVIDER": "docker", "KIND_CLUSTER_NAME": "", **hidden}


@contextmanager
def _images(balancer: str | None) -> Iterator[dict[str, str]]:
    """The variables by which kind takes an image for its load balancer; none where it needs none."""
    docker = process.find_program("docker")
    if not (balancer and docker):
        yield {}
        return
    with scratch() as folder:
        (folder / "docker").write_text(_DOCKER)
        (folder / "docker").chmod(0o700)
        path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
        yield {"PATH": path, "DEVENV_DOCKER": str(docker), "DEVENV_BALANCER_IMAGE": balancer}
