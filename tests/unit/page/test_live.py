"""The board follows the cluster's objects: over HTTP, with watches, from a server that has objects and no cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.cluster_objects import NAMESPACE, container, of_release, pod, terminated, waiting
from support.page_judgement import deployment, project, snapshot
from support.small_api import small_api

from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.cluster import Cluster, Recorded
from devenv.page.board import Board
from devenv.page.live import Live
from devenv.page.stack_log import stack_log
from devenv.page.view import View
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.tasks.states import TaskState
from devenv.spec.load import load_workspace
from devenv.workflows.observed import ObservedProject
from devenv.workflows.status import StackState

URL = "http://shop.localhost:8070/"


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
        live = Live(tmp_path, board, url=URL, is_wanted=lambda: True, end=lambda: None)
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


def test_a_damaged_record_of_a_task_is_shown_and_the_rest_goes_on(tmp_path: Path) -> None:
    observed = project(tmp_path)
    file = tmp_path / "devenv.yaml"
    file.write_text(f"{file.read_text()}tasks: {{fill: {{run: make}}, check: {{run: make}}}}\n")
    observed = replace(observed, workspace=load_workspace(tmp_path, data_root=data_root()))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "fill.run.json").write_text("{")
    board = Board(View("shop"))
    board.first_known(0)  # somebody reads
    live = Live(tmp_path, board, url=URL, is_wanted=lambda: True, end=lambda: None)
    live._observed = observed

    thread = threading.Thread(target=live._ask)
    thread.start()
    # That nothing tells of the databases of this one is told after what is asked first.
    view = seen(board, lambda view: bool(view.data_problem))
    board.close()
    live.look_at_data()
    thread.join(30)

    assert not thread.is_alive()
    assert {task.name: task.state for task in view.tasks} == {"fill": TaskState.UNKNOWN, "check": TaskState.NEW}


def test_the_name_of_the_project_leads_to_the_page_once_traefik_is_there_and_again_where_it_is_another(
    tmp_path: Path,
) -> None:
    without = project(tmp_path)
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: traefik}]\n")
    workspace = load_workspace(tmp_path, data_root=data_root())

    def with_traefik(content: str) -> ObservedProject:
        facts = replace(without.facts, records={"traefik": Recorded(content)})
        return replace(without, workspace=workspace, facts=facts)

    live = Live(tmp_path, Board(View("shop")), url=URL, is_wanted=lambda: True, end=lambda: None)
    routes = "apis/traefik.io/v1alpha1/namespaces/traefik"
    with small_api(snapshot(deployment(1))) as api, Cluster(api.kubeconfig(tmp_path)) as cluster:
        live._redirect_root(cluster, without)
        assert not api.applied
        live._redirect_root(cluster, with_traefik("one"))
        assert set(api.applied) == {f"{routes}/{kind}/devenv-start-page" for kind in ("middlewares", "ingressroutes")}
        middleware, route = api.applied.values()
        assert middleware["spec"]["redirectRegex"] == {"regex": "^.*$", "replacement": URL, "permanent": False}
        (rule,) = route["spec"]["routes"]
        assert (rule["match"], rule["priority"]) == ("Host(`shop.localhost`)", 1)

        api.applied.clear()
        live._redirect_root(cluster, with_traefik("one"))
        assert not api.applied
        live._redirect_root(cluster, with_traefik("two"))
        assert len(api.applied) == 2


def test_the_log_of_a_stack_is_that_of_its_containers_newest_pods_first(tmp_path: Path) -> None:
    def of_web(number: int) -> dict[str, Any]:
        meta = of_release(f"web-{number}", creationTimestamp=f"2026-05-01T1{number}:00:00Z")
        return pod(f"web-{number}", phase="Running", meta=meta)

    pods = (of_web(1), of_web(2), of_web(3))
    with small_api(snapshot(deployment(1), *pods)) as api:
        observed = replace(project(tmp_path), kubeconfig=api.kubeconfig(tmp_path))
        api.logs = {f"api/v1/namespaces/{NAMESPACE}/pods/{name}/log": f"{name} is up" for name in ("web-1", "web-2")}
        found = stack_log(observed, "web")
    assert [text for _, text in found] == ["web-2 is up", "web-1 is up"]
    assert found[0][0].startswith("web-2 · ")
