"""Live sync: what is saved is in every running container at once, stays there over restarts, and its image follows.

In the environment in which products of the tests take each other's place, on a chart whose containers are not root's
and cannot write their files.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.dev_loop import Dev, dev
from support.environment import PRODUCTS, Project, in_its_place
from support.loopback import answer_at, free_port, nobody_listens
from support.synced_project import started, write_synced_project
from support.terminal import terminal
from support.waiting import await_true

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import ApiRefusedError, ApiUnreachableError

pytestmark = pytest.mark.e2e
NAMESPACE = f"{PRODUCTS}-apps"
REPLICAS = 5
IMAGE = "web"
FIRST_PAGE = "0o644 one"


@pytest.fixture(scope="module")
def synced(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("sync") / "sync"
    write_synced_project(root, place.name, replicas=REPLICAS)
    with in_its_place(Project(root, place.env)) as made:
        yield made


@pytest.fixture(scope="module")
def up(synced: Project) -> Project:
    synced.devenv("up", "--adopt", "--yes", "--json")
    return synced


@pytest.fixture(scope="module")
def cluster(up: Project) -> Iterator[Cluster]:
    with Cluster(Path(up.devenv("kubeconfig").stdout.strip())) as made:
        yield made


@pytest.fixture(scope="module")
def running(up: Project) -> Iterator[Dev]:
    """The loop, which lets no image follow by itself, until a test kills it."""
    made = Dev(up.start("dev", "--settle", "600", "--yes", "--json"))
    try:
        made.until("noted", containing="watching", seconds=300)
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def pods(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """By name, those that run and are not about to end."""
    found = cluster.objects.items(f"api/v1/namespaces/{NAMESPACE}/pods")
    return {
        pod["metadata"]["name"]: pod
        for pod in found
        if not pod["metadata"].get("deletionTimestamp") and pod["status"].get("phase") == "Running"
    }


def ask(cluster: Cluster, pod: str, path: str) -> str:
    return cluster.read(f"api/v1/namespaces/{NAMESPACE}/pods/{pod}:8000/proxy/{path}", timeout=5)


def answers(cluster: Cluster, path: str) -> list[str]:
    with ThreadPoolExecutor(REPLICAS) as pool:
        return list(pool.map(lambda pod: ask(cluster, pod, path), pods(cluster)))


def tried(cluster: Cluster, path: str) -> list[str]:
    """As `answers`, with nothing for a pod that does not answer."""

    def one(pod: str) -> str:
        try:
            return ask(cluster, pod, path)
        except (ApiRefusedError, ApiUnreachableError):
            return ""

    with ThreadPoolExecutor(REPLICAS) as pool:
        return list(pool.map(one, pods(cluster)))


def source(project: Project, name: str) -> Path:
    return project.root / "web" / name


def state(project: Project) -> tuple[str, str]:
    (found,) = [stack for stack in project.status()["stacks"] if stack["name"] == "web"]
    return found["state"], found["reason"]


def ids(cluster: Cluster) -> dict[str, str]:
    """Of containers, by pod."""
    return {name: pod["status"]["containerStatuses"][0]["containerID"] for name, pod in pods(cluster).items()}


def test_a_save_is_in_every_container_and_nothing_is_rolled_out(up: Project, cluster: Cluster, running: Dev) -> None:
    before = ids(cluster)
    assert len(before) == REPLICAS
    assert answers(cluster, "write") == ["Read-only file system"] * REPLICAS

    source(up, "pages/a.txt").write_text("two")
    synced = running.until("synced", seconds=20)

    assert (synced["image"], synced["files"], synced["size"], synced["containers"]) == ("web", 1, 3, REPLICAS)
    assert synced["seconds"] < 2
    assert answers(cluster, "pages/a.txt") == ["0o644 two"] * REPLICAS
    assert ids(cluster) == before
    assert state(up) == ("synced", "synced, image follows: by devenv dev, or devenv up")


def test_modes_links_deletions_and_renames_arrive(up: Project, cluster: Cluster, running: Dev) -> None:
    source(up, "src/new").mkdir()
    source(up, "src/new/b.txt").write_text("b")
    source(up, "src/link").symlink_to("new/b.txt")
    source(up, "pages/a.txt").chmod(0o755)

    def arrived() -> bool:
        paths = ("src/new/b.txt", "src/link", "pages/a.txt")
        return [set(answers(cluster, path)) for path in paths] == [{"0o644 b"}, {"-> new/b.txt"}, {"0o755 two"}]

    await_true(arrived)
    source(up, "src/new/b.txt").rename(source(up, "src/new/c.txt"))
    source(up, "src/link").unlink()

    def moved() -> bool:
        paths = ("src/new/b.txt", "src/new/c.txt", "src/link")
        return [set(answers(cluster, path)) for path in paths] == [{"none"}, {"0o644 b"}, {"none"}]

    await_true(moved)
    assert running.process.poll() is None


def test_a_pod_that_is_deleted_and_a_container_that_ends_come_back_with_what_was_saved(
    up: Project, cluster: Cluster, running: Dev
) -> None:
    source(up, "pages/a.txt").write_text("three")
    running.until("synced", seconds=20)
    before = ids(cluster)
    deleted, ended, *_ = before

    cluster.delete_pod(NAMESPACE, deleted)
    with pytest.raises((ApiRefusedError, ApiUnreachableError)):
        ask(cluster, ended, "exit")
    running.until("synced", containing='"again": true', seconds=60)

    def back() -> bool:
        now = ids(cluster)
        others = len(now) == REPLICAS and deleted not in now and now[ended] not in ("", before[ended])
        return others and all(pod["status"]["containerStatuses"][0]["ready"] for pod in pods(cluster).values())

    await_true(back, 60)
    await_true(lambda: answers(cluster, "pages/a.txt") == ["0o755 three"] * REPLICAS, 10)


def test_what_no_rule_is_for_is_built_with_all_that_was_synced(up: Project, cluster: Cluster, running: Dev) -> None:
    before = ids(cluster)
    source(up, "other").write_text("built anew")
    assert running.until("round-finished")["succeeded"]
    assert not set(before) & set(ids(cluster))
    assert answers(cluster, "other") == ["0o644 built anew"] * REPLICAS
    assert answers(cluster, "pages/a.txt") == ["0o755 three"] * REPLICAS
    assert state(up) == ("ready", "")

    source(up, "pages/a.txt").write_text("four")
    assert running.until("synced", seconds=20)["containers"] == REPLICAS


def test_what_runs_after_a_sync_runs_in_each_container_and_a_failure_is_told(
    up: Project, cluster: Cluster, running: Dev
) -> None:
    source(up, "checked/a.txt").write_text("bad")
    told = running.until("noted", containing="status 7", seconds=20)
    assert "not good" in told["message"]
    source(up, "checked/a.txt").write_text("good again")
    await_true(lambda: answers(cluster, "ran") == ["0o644 good again"] * REPLICAS)


def test_a_program_is_started_anew_in_its_container(up: Project, cluster: Cluster, running: Dev) -> None:
    before = ids(cluster)
    assert answers(cluster, "started") == ["first"] * REPLICAS
    source(up, "lib/started.py").write_text(started("second"))
    running.until("synced", seconds=20)
    await_true(lambda: tried(cluster, "started") == ["second"] * REPLICAS)
    assert ids(cluster) == before

    # A mistake leaves the container where it is, for the next save.
    source(up, "lib/started.py").write_text("STARTED_WITH = (")
    running.until("synced", seconds=20)
    await_true(lambda: tried(cluster, "started") == [""] * REPLICAS)
    source(up, "lib/started.py").write_text(started("third"))
    await_true(lambda: tried(cluster, "started") == ["third"] * REPLICAS)
    assert ids(cluster) == before


def test_saves_under_load_all_arrive(up: Project, cluster: Cluster, running: Dev) -> None:
    end = time.monotonic() + 5
    number = 0
    while time.monotonic() < end:
        number += 1
        source(up, f"src/many-{number % 20}.txt").write_text(f"{number}")
        source(up, "src/last.txt").write_text(f"{number}")
    await_true(lambda: answers(cluster, "src/last.txt") == [f"0o644 {number}"] * REPLICAS)
    for each in range(max(1, number - 19), number + 1):
        assert answers(cluster, f"src/many-{each % 20}.txt") == [f"0o644 {each}"] * REPLICAS
    assert running.process.poll() is None


def test_what_a_killed_loop_has_synced_passes_for_nothing_else(up: Project, cluster: Cluster, running: Dev) -> None:
    source(up, "pages/a.txt").write_text("five")
    await_true(lambda: answers(cluster, "pages/a.txt") == ["0o755 five"] * REPLICAS)
    running.process.kill()
    running.process.wait()
    source(up, "pages/a.txt").write_text("three")
    for name in ("src/last.txt", *(f"src/many-{number}.txt" for number in range(20))):
        source(up, name).unlink(missing_ok=True)
    source(up, "checked/a.txt").write_text("good")
    source(up, "lib/started.py").write_text(started("first"))
    # By its sources nothing has changed.
    assert state(up)[0] == "synced"
    assert answers(cluster, "pages/a.txt") == ["0o755 five"] * REPLICAS

    (step,) = up.devenv("up", "--yes", "--json").last("plan-made")["steps"]
    assert (step["key"], step["reason"]) == ("ready/web", "synced")
    assert answers(cluster, "pages/a.txt") == ["0o755 three"] * REPLICAS
    assert state(up) == ("ready", "")


def test_the_image_follows_when_nobody_saves(up: Project, cluster: Cluster) -> None:
    with dev(up, "--settle", "1") as running:
        before = ids(cluster)
        source(up, "pages/a.txt").write_text("five")
        running.until("synced", seconds=20)
        assert running.until("round-finished")["succeeded"]
        assert answers(cluster, "pages/a.txt") == ["0o755 five"] * REPLICAS
        assert not set(before) & set(ids(cluster))
        assert state(up) == ("ready", "")
    assert up.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []


@pytest.fixture(scope="module")
def one(up: Project) -> Project:
    """The same with one replica, where nothing is said of several: they take their time to be rolled out."""
    spec = up.spec
    up.write_spec({**spec, "services": {"web": {**spec["services"]["web"], "replicas": 1}}})
    up.devenv("up", "--yes", "--json")
    return up


def test_the_view_shows_a_round_that_a_key_asks_for_and_gives_the_terminal_back(one: Project, cluster: Cluster) -> None:
    with terminal([sys.executable, "-m", "devenv", "dev", "--view", "--yes"], cwd=one.root, env=one.env) as shown:
        shown.until("watching web", seconds=120)
        assert "devenv dev" in shown.shown
        shown.press("r")
        shown.until("web: what was saved runs already")
        source(one, "other").write_text("and saved")
        shown.until("after the save", seconds=60)
        assert answers(cluster, "other") == ["0o644 and saved"]
        shown.press("s")
        shown.until("restarted", seconds=60)
        shown.press("q")
        shown.until("the command ended with 0")
        assert shown.is_given_back
    assert state(one) == ("ready", "")


def test_tasks_run_before_the_image_that_is_made_of_what_they_write(one: Project, cluster: Cluster) -> None:
    (one.root / "texts").mkdir()
    (one.root / "texts" / "b").write_text("six")
    count = f"kubectl get deployment web --namespace {NAMESPACE} --output name > counted"
    tasks = {
        "generate": {"run": "cp texts/b web/pages/b.txt", "deps": ["texts"], "outputs": ["web/pages/b.txt"]},
        "count": {"run": count, "needs": ["web"], "outputs": ["counted"]},
    }
    one.write_spec({**one.spec, "tasks": tasks})
    refused = one.devenv("up", "--json", expect=2).last("error")["error"]
    assert refused["code"] == "host-command-not-agreed"
    assert not (one.root / "web" / "pages" / "b.txt").exists()

    first, then = one.devenv("up", "--yes", "--json").of_type("plan-made")
    assert [step["key"] for step in first["steps"]] == ["task/generate"]
    (counting,) = [step for step in then["steps"] if step["group"] == "tasks"]
    assert (counting["key"], counting["needs"], counting["reason"]) == ("task/count", ["ready/web"], "new")
    assert answers(cluster, "pages/b.txt") == ["0o644 six"]
    assert (one.root / "counted").read_text() == "deployment.apps/web\n"

    again = one.devenv("up", "--json").last("plan-made")
    assert again["steps"] == []
    assert {"generate", "count"} <= set(again["unchanged"])


def test_a_custom_build_by_a_command_runs_as_a_service(one: Project) -> None:
    never_run = f"true {uuid.uuid4()}"
    command = f'{never_run}; docker tag "$(docker images --quiet localhost/devenv/{IMAGE} | head -1)" "$IMAGE"'
    build = {"context": "web", "command": command, "deps": ["lib"]}
    service = {"build": build, "command": ["sh", "-c", "exec python3 src/server.py"], "port": 8000, "host": False}
    spec = one.spec
    one.write_spec({**spec, "services": {**spec["services"], "beside": service}})
    try:
        refused = one.devenv("build", "--json", expect=2).last("error")["error"]
        assert refused["code"] == "host-command-not-agreed"

        done = one.devenv("up", "--yes", "--json")
        assert any(e["title"].startswith("Build image") for e in done.last("plan-made")["steps"])
        (ready,) = [e["detail"] for e in done.of_type("step-succeeded") if e["key"] == "ready/beside"]
        assert ready == "1 container runs what was built"
    finally:
        one.write_spec(spec)
        one.kubectl("--namespace", NAMESPACE, "delete", "deployment", "beside", "--ignore-not-found")


def test_tasks_of_the_loop_run_on_a_save_and_what_they_serve_ends_with_it(one: Project, cluster: Cluster) -> None:
    port = free_port()
    page = f"http://127.0.0.1:{port}/b"
    serve = ["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    site = {"serve": serve, "dir": "texts", "needs": ["web"], "ready": page}
    one.write_spec({**one.spec, "tasks": {**one.spec["tasks"], "site": site}})
    running = Dev(one.start("dev", "--settle", "600", "--yes", "--json"))
    try:
        running.until("noted", containing="watching", seconds=300)
        assert answer_at(page)[1] == b"six"
        assert "GET /b" in running.until("logged", containing="GET /b")["message"]

        (one.root / "texts" / "b").write_text("seven")
        running.until("step-succeeded", containing="task/generate", seconds=20)
        await_true(lambda: answers(cluster, "pages/b.txt") == ["0o644 seven"])
    finally:
        running.process.kill()
        running.process.wait()
    await_true(lambda: nobody_listens(port))


def test_what_is_manual_waits_for_its_trigger(one: Project, cluster: Cluster) -> None:
    spec = one.spec
    web = {**spec["services"]["web"], "dev": "manual"}
    one.write_spec({**{k: v for k, v in spec.items() if k != "tasks"}, "services": {"web": web}})
    (one.root / "web" / "pages" / "b.txt").write_text("eight")
    with dev(one, "--settle", "600") as running:
        assert answers(cluster, "pages/b.txt") == ["0o644 eight"]
        source(one, "pages/b.txt").write_text("nine")
        running.until("noted", containing="waits until it is asked for", seconds=20)
        assert answers(cluster, "pages/b.txt") == ["0o644 eight"]

        one.devenv("dev", "trigger", "web")
        assert running.until("round-finished")["succeeded"]
        assert answers(cluster, "pages/b.txt") == ["0o644 nine"]
