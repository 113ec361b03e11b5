"""The board follows the cluster's objects: over HTTP, with watches, from a server that has objects and no cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from support.cluster_objects import container, of_release, pod, terminated, waiting
from support.page_judgement import deployment, project, snapshot
from support.small_api import small_api

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.page.board import Board
from devenv.page.live import Live
from devenv.page.view import View
from devenv.plan.cluster_state import ClusterState
from devenv.workflows.status import StackState


def seen(board: Board, holds: Callable[[View], bool], seconds: float = 60) -> View:
    """The view once something holds of it. How soon that is, `benchmarks/start_page.py` measures."""
    with board._changed:
        assert board._changed.wait_for(lambda: holds(board.view), seconds), board.view
        return board.view


def test_a_pod_that_fails_is_on_the_page_with_its_cause(tmp_path: Path) -> None:
    item = deployment(1)
    with small_api(snapshot(item)) as api:
        observed = replace(project(tmp_path), kubeconfig=api.kubeconfig(tmp_path))
        board = Board(View("shop"))
        board.first_known(0)  # somebody reads
        live = Live(tmp_path, board, url="http://shop.localhost:8070/", is_wanted=lambda: True, end=lambda: None)
        with Cluster(observed.kubeconfig) as cluster:
            thread = threading.Thread(target=live._watch, args=(cluster, observed))
            thread.start()
            seen(board, lambda view: view.state is ClusterState.RUNNING)
            assert board.view.healthy

            ended = container(state=waiting("CrashLoopBackOff"), lastState=terminated(3), restartCount=2)
            api.put("Pod", pod("web-1", ended, phase="Running", meta=of_release("web-1")))
            api.put("Deployment", {**item, "status": {**item["status"], "availableReplicas": 0}})
            view = seen(board, lambda view: bool(view.failures))
            (stack,) = view.stacks
            assert stack.status.state is StackState.NOT_READY
            assert "ends with status 3" in stack.status.reason
            (failure,) = view.failures
            assert (failure.title, failure.code, failure.current) == ("web", "crash-loop", True)
            assert "kubectl" in failure.hint

            api.put("Deployment", item)
            view = seen(board, lambda view: view.healthy and not view.failures)
            board.close()
            thread.join(10)
        assert not thread.is_alive()
