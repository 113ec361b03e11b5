"""A start page of values: what a project might look like, in every state, and a record of what its buttons began."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.testclient import TestClient

from devenv.adapters.alertmanager import Alert
from devenv.adapters.dashboards import Dashboard
from devenv.adapters.traefik import Route
from devenv.databases.migrations import MigrationState
from devenv.localstack import Queue, Resources
from devenv.page.app import Backend, make_app
from devenv.page.board import Board
from devenv.page.view import AlertsView, FailureView, RunState, RunView, StackView, View, WorkloadView
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import NodeFact
from devenv.runtime.tasks.states import TaskState, TaskStatus
from devenv.workflows.databases.overview import DatabaseOverview, DataOverview
from devenv.workflows.run.links import Link
from devenv.workflows.status import CredentialStatus, StackState, StackStatus

PROJECT, PORT, TOKEN = "shop", 8070, "the-token"
NOW = datetime.now(UTC)
DASHBOARDS = (("cluster", "Cluster"), ("containers", "Containers"), ("postgres", "PostgreSQL"), ("traefik", "Traefik"))
ROUTES = (
    Route("Host(`frontend.shop.localhost`)", "shop-apps-frontend-80", "no pod of shop-apps-frontend-80 is ready"),
    Route("Host(`aws.shop.localhost`)", "shop-infrastructure-localstack-4566"),
    Route("Host(`traefik.shop.localhost`)", "api"),
)
PASSWORD = "s3cret-of-the-database"  # noqa: S105 -- of no database


def stack(name: str, layer: str, state: StackState = StackState.READY, reason: str = "") -> StackView:
    """A stack with one workload."""
    ready = int(state is StackState.READY)
    changed = (NOW - timedelta(minutes=7 * len(name))).isoformat()
    image = f"docker.io/library/{name}:1.2.3"
    workloads = (WorkloadView("Deployment", name, ready, 1, reason and "0 of 1 ready", changed, (image,)),)
    status = StackStatus(name, layer, f"shop-{layer[3:]}", "1.2.3", state, reason)
    return StackView(status, workloads if state is not StackState.ABSENT else ())


def busy_view() -> View:
    """Something of everything, well and not."""
    names = [("namespaces", "01-foundation"), *((n, "02-infrastructure") for n in ("external-secrets", "traefik"))]
    stacks = [stack(name, layer) for name, layer in names]
    crash = "shop-database/pod/postgres-0 container postgres: it ends with status 1, and was started again 4 times"
    stacks += [
        stack("postgres", "02-infrastructure", StackState.NOT_READY, crash),
        stack("localstack", "02-infrastructure"),
        stack("monitoring", "03-observability", StackState.INCOMPLETE, "release monitoring is failed"),
        stack("shop-backend", "04-apps"),
        stack("shop-frontend", "04-apps", StackState.ABSENT),
    ]
    hosts = {"backend": "shop-backend", "dashboard": "traefik", "prometheus": "monitoring", "aws": "localstack"}
    return View(
        PROJECT,
        state=ClusterState.RUNNING,
        nodes=(NodeFact("devenv-shop-control-plane", "control-plane", running=True, ready=True),),
        stacks=tuple(stacks),
        endpoints=tuple(Link(name, of, f"http://{name}.shop.localhost:8080/") for name, of in hosts.items()),
        tasks=(
            TaskStatus("generate", TaskState.DONE, NOW.isoformat()),
            TaskStatus("web", TaskState.SERVING, NOW.isoformat(), "http://localhost:5173/"),
            TaskStatus("fill", TaskState.FAILED, NOW.isoformat()),
            TaskStatus("assets", TaskState.NEW),
            TaskStatus("docs", TaskState.UNKNOWN, reason="/home/me/shop/tasks/docs.run.json is damaged"),
        ),
        credentials=(("postgres", "postgres"), ("dashboard", "traefik")),
        dashboards=tuple(dashboard(*names) for names in DASHBOARDS),
        routes=ROUTES,
        alerts=AlertsView((alert("WorkloadNotReady", 3), alert("TargetDown", 12)), source=True),
        data=data(),
        failures=(
            FailureView(
                "now-postgres", "postgres", "crash-loop", crash, NOW - timedelta(minutes=2),
                hint="kubectl --kubeconfig /home/me/.local/state/devenv/shop/kubeconfig -n shop-database get events",
                facts=(("cause", "crash-loop"), ("last log lines", "FATAL: data directory has wrong ownership")),
                current=True,
            ),
        ),
        recorded=(
            FailureView(
                "run-1", "Install chart monitoring (devenv up)", "workload-failed",
                "chart monitoring: the image cannot be had", NOW - timedelta(hours=3), hint="devenv up",
                facts=(("log of the run", "/home/me/.local/state/devenv/shop/logs/up.log"),),
            ),
        ),
        runs=(RunView("r2", "Reset postgres", NOW), RunView("r1", "Restart traefik", NOW, RunState.DONE, "in 4.1 s")),
    )  # fmt: skip


def healthy_view() -> View:
    """All is well, and there is no monitoring."""
    view = busy_view()
    stacks = tuple(stack(s.status.name, s.status.layer) for s in view.stacks if s.status.name != "monitoring")
    return replace(
        view,
        stacks=stacks,
        alerts=AlertsView(),
        dashboards=(),
        failures=(),
        recorded=(),
        runs=(),
        routes=ROUTES[1:],
        data=replace(data(), databases=data().databases[1:]),
    )


def stopped_view() -> View:
    """The machine was started anew, and the cluster was not."""
    view = healthy_view()
    stacks = tuple(
        StackView(replace(s.status, state=StackState.UNKNOWN, reason="the cluster is stopped")) for s in view.stacks
    )
    nodes = tuple(replace(node, running=False, ready=False) for node in view.nodes)
    return View(PROJECT, state=ClusterState.STOPPED, nodes=nodes, stacks=stacks, credentials=view.credentials)


def alert(name: str, minutes: int) -> Alert:
    """An alert that fires."""
    return Alert(
        name,
        "warning",
        NOW - timedelta(minutes=minutes),
        "statefulset/postgres in shop-database has 0 of 1 pods ready",
        "",
        "`devenv status` tells whether its stack is ready; `devenv up` brings back what is missing",
        {"namespace": "shop-database"},
    )


def dashboard(name: str, title: str) -> Dashboard:
    """A dashboard of the stack."""
    return Dashboard(name, title, f"http://dashboards.shop.localhost:8080/d/{name}")


def data() -> DataOverview:
    """Two databases and a LocalStack."""
    applied, pending = (MigrationState.APPLIED, 4), (MigrationState.PENDING, 1)
    return DataOverview(
        databases=(
            DatabaseOverview("postgres", "postgres", "shop", "", problem="postgres on 127.0.0.1:5432 does not answer"),
            DatabaseOverview(
                "auth-postgres", "postgres", "auth", "127.0.0.1:5433", (applied, pending), ("before",), is_current=False
            ),
            DatabaseOverview("redis", "redis", "0", "127.0.0.1:6379"),
        ),
        aws=Resources(
            ("shop-invoices", "shop-uploads"),
            (Queue("shop-orders", 12, 1, 0), Queue("shop-orders-dead", 0, 0, 0)),
            ("shop/database", "shop/payment"),
        ),
        aws_stack="localstack",
    )


@dataclass
class ValuesPage:
    """A page of values."""

    board: Board = field(default_factory=lambda: Board(busy_view()))
    began: list[str] = field(default_factory=list)
    """What buttons asked for."""

    def app(self, port: int = PORT) -> Starlette:
        """The real application."""
        backend = Backend(self.board, self._reset, self._restart, self._credentials, self._log, self._messages)
        return make_app(backend, project=PROJECT, port=port, token=TOKEN)

    def client(self, host: str = f"{PROJECT}.localhost:{PORT}", **headers: str) -> TestClient:
        """A client that asks by an address, with headers: `sec_fetch_site` for `Sec-Fetch-Site`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return TestClient(self.app(), base_url=f"http://{host}", headers=named)

    def _reset(self, name: str) -> str:
        self.began.append(f"reset {name}")
        return "run-of-it"

    def _restart(self, name: str) -> str:
        self.began.append(f"restart {name}")
        return "run-of-it"

    def _log(self, name: str) -> list[tuple[str, str]]:
        return [(f"{name}-0 · {name}", f"the last line of {name}")]

    def _messages(self, name: str) -> list[tuple[str, str]]:
        return [("2026-11-29 10:00:00 UTC · 1", f"a message of {name}")]

    def _credentials(self) -> list[CredentialStatus]:
        return [CredentialStatus("postgres", "postgres", (("username", "shop"), ("password", PASSWORD)))]
