"""A kubeconfig that several threads read at once: what lightkube reads it with is not made for that at a first time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROUNDS = 100
"""Without a lock about one in ten ends the process."""
_PROGRAM = """
import importlib, sys, threading
from pathlib import Path

from lightkube.config import kubeconfig, models

from devenv.adapters.kubernetes import api

sys.setswitchinterval(1e-6)
for _ in range(int(sys.argv[2])):
    importlib.reload(models)  # other types, of which nothing is known yet
    api.KubeConfig = importlib.reload(kubeconfig).KubeConfig
    together = threading.Barrier(8)

    def read():
        together.wait()
        api.Api(Path(sys.argv[1])).close()

    threads = [threading.Thread(target=read) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
_KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: one, user: one}}]
clusters: [{name: one, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: one, user: {token: "-"}}]
"""


def test_threads_read_a_kubeconfig_at_once(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(_KUBECONFIG)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(kubeconfig), str(_ROUNDS)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
