"""What `devenv up` is measured beside: the same charts, values and images, installed as people do it without devenv.

Responsible for a script that does one thing after the other, and for helmfile, which installs at the same time what
does not need each other. Both take their releases from devenv's plan. Tools, images and the Secrets that charts expect
are there before; the charts may be given with upstream's webhook of External Secrets in place of devenv's.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import certifi
import yaml
from machine import golang, run

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.files.paths import cache_dir
from devenv.adapters.host.trust import observe_proxies, observe_trust
from devenv.images.build.build import CA_SECRET
from devenv.plan.graph import select
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import make_plan
from devenv.plan.steps import (
    ApplyLicence,
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitNodeRuntime,
    AwaitReady,
    CreateCluster,
    InstallChart,
    LoadImage,
    MarkCluster,
    PruneBuildCache,
    Step,
)
from devenv.runtime.environment import Environment
from devenv.runtime.observe.observe import observe
from devenv.runtime.observe.rendering import chart_of, origin
from devenv.runtime.run.execute import execute
from devenv.runtime.run_state import RunState
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.stacks import share_certificates
from devenv.spec.load import load_workspace
from devenv.spec.needs import order
from devenv.workflows.access.connect import connect
from devenv.workflows.access.session import silent_session

HERE = Path(__file__).resolve().parent
HELMFILE_VERSION = "v1.8.0"
LABELS = {"devenv.io/benchmark": "up"}
OPERATOR, OWN_WEBHOOK = "external-secrets", "external-secrets-validation"
UPSTREAMS_WEBHOOK: dict[str, dict[str, Any]] = {
    "webhook": {"create": True, "certCheckInterval": "5s"},
    "certController": {"create": True},
}
"""External Secrets as its chart has it, all of the same image; devenv's second chart then makes nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A project's plan at this moment, to be carried out by other means."""

    environment: Environment
    plan: Plan
    state: RunState

    @classmethod
    def of(cls, project: Path, *, upstream: bool) -> Wanted:
        """The plan; with `upstream` its charts have upstream's webhook of External Secrets."""
        session = silent_session()
        workspace = load_workspace(project, data_root=session.data_root)
        environment = connect(workspace, session, agreed=False)
        observation = observe(environment, select(workspace), "auto")
        plan = make_plan(observation.wanted, observation.observed)
        if upstream:
            nodes = (PlanNode(_with_upstreams_webhook(n.step), n.needs, n.reason) for n in plan.nodes)
            plan = replace(plan, nodes=tuple(nodes))
        return cls(environment, plan, RunState(observation.toolbox))

    def context(self, step: Step) -> StepContext:
        """What a step of devenv is given, with nobody to tell."""
        return StepContext(self.environment, self.state, step.key, lambda _: None, threading.Event())

    def in_order(self) -> list[Step]:
        """The steps, each after those that it needs: the cluster, then all images, then stack after stack."""
        steps = {node.key: node.step for node in self.plan.nodes}
        keys = order({node.key: tuple(node.needs) for node in self.plan.nodes})
        ranks: list[type[Step]] = [CreateCluster, MarkCluster, AwaitNodeRuntime, LoadImage]
        return sorted(
            (steps[key] for key in keys),
            key=lambda step: ranks.index(type(step)) if type(step) in ranks else len(ranks),
        )


def _with_upstreams_webhook(step: Step) -> Step:
    if not isinstance(step, InstallChart) or step.stack != OPERATOR:
        return step
    values = json.loads(step.values)
    changed = {
        key: {**values.get(key, {}), **upstreams, "image": values["image"]}
        for key, upstreams in UPSTREAMS_WEBHOOK.items()
    }
    return replace(step, values=json.dumps({**values, **changed}))


def one_after_the_other(project: Path, *, upstream: bool) -> None:
    """A script: each program waits for the one before."""
    wanted = Wanted.of(project, upstream=upstream)
    for step in wanted.in_order():
        _run_step(step, wanted)


def _run_step(step: Step, wanted: Wanted) -> None:
    """One step by the plain program where it is what the comparison is about, else as devenv does it."""
    match step:
        case AwaitNodeRuntime() | PruneBuildCache():
            return
        case LoadImage():
            kind = wanted.state.toolbox.program("kind")
            run([str(kind), "load", "docker-image", step.reference, "--name", step.cluster])
        case InstallChart():
            share_certificates(step, wanted.context(step))
            _helm(step, wanted)
        case AwaitReady():
            execute(replace(step, images=()), wanted.context(step))  # a script proves no images
        case _:
            execute(step, wanted.context(step))


def _helm(step: InstallChart, wanted: Wanted) -> None:
    """`helm upgrade --install --wait` as written by hand."""
    environment = wanted.environment
    with tempfile.TemporaryDirectory() as folder, chart_of(step, wanted.state.toolbox) as chart:
        values = Path(folder, "values.json")
        values.write_text(step.values)
        argv = [str(wanted.state.toolbox.program("helm")), "upgrade", "--install", step.release, chart]
        environment.cluster.ensure_namespace(step.namespace)
        argv += ["--namespace", step.namespace, "--values", str(values)]
        argv += ["--wait", "--wait-for-jobs", "--timeout", _timeout(step)]
        # The labels by which `devenv down` and the checks that follow find the release's workloads.
        argv += ["--labels", f"devenv.io/stack={step.stack}", "--kubeconfig", str(environment.kubeconfig)]
        run(argv)


class Helmfile:
    """helmfile, which installs all releases that need no other one at the same time, then those that need these."""

    def __init__(self, engine: Engine) -> None:
        """Builds it, unless it is there."""
        self._program = cache_dir() / "benchmarks" / f"helmfile-{HELMFILE_VERSION}"
        if not self._program.exists():
            self._build(engine)

    def _build(self, engine: Engine) -> None:
        image, folder = f"localhost/devenv-bench/helmfile:{HELMFILE_VERSION}", HERE / "helmfile"
        args = {**observe_proxies().variables(), "GOLANG": golang(engine), "HELMFILE_VERSION": HELMFILE_VERSION}
        secrets = {CA_SECRET: observe_trust().bundle or Path(certifi.where())}
        engine.builds.run(BuildRequest(image, folder / "Dockerfile", folder, args=args, secrets=secrets, labels=LABELS))
        engine.files.copy_out(image, "/helmfile", self._program)
        run(["docker", "image", "rm", image])

    @contextmanager
    def prepared(self, project: Path, *, upstream: bool) -> Iterator[list[str]]:
        """The command line that installs the stacks of a project's plan on its cluster.

        What charts expect and no chart brings (seeds, TLS, certificates of the host) is written beforehand.
        """
        wanted = Wanted.of(project, upstream=upstream)
        environment = wanted.environment
        for step in wanted.in_order():
            if isinstance(step, ApplySeeds | ApplyTls | ApplyLicence):
                execute(step, wanted.context(step))
            elif isinstance(step, InstallChart):
                environment.cluster.ensure_namespace(step.namespace)
                share_certificates(step, wanted.context(step))
        with tempfile.TemporaryDirectory(prefix="devenv-helmfile-") as folder, _charts(wanted) as charts:
            file = Path(folder, "helmfile.yaml")
            file.write_text(yaml.safe_dump(_document(wanted, charts, Path(folder))))
            homes = {f"HELM_{name}_HOME": f"{folder}/{name.lower()}" for name in ("CACHE", "CONFIG", "DATA")}
            variables = {**homes, "KUBECONFIG": str(environment.kubeconfig)}
            helm = str(wanted.state.toolbox.program("helm"))
            yield [
                *("env", *(f"{name}={value}" for name, value in variables.items())),
                *(str(self._program), "--file", str(file), "--helm-binary", helm, "--quiet", "sync", "--skip-deps"),
            ]


@contextmanager
def _charts(wanted: Wanted) -> Iterator[dict[str, str]]:
    """The folder of each release's chart."""
    with ExitStack() as stack:
        yield {
            step.release: stack.enter_context(chart_of(step, wanted.state.toolbox))
            for step in wanted.in_order()
            if isinstance(step, InstallChart)
        }


def _document(wanted: Wanted, charts: dict[str, str], folder: Path) -> dict[str, object]:
    """The releases, in the order that the plan has them in."""
    releases: dict[str, dict[str, object]] = {}
    for node in wanted.plan.nodes:
        step = node.step
        if not isinstance(step, InstallChart):
            continue
        values = folder / f"{step.release}.json"
        values.write_text(step.values)
        before = [other for other in _installs_before(node, wanted.plan) if other.release != step.release]
        releases[step.release] = {
            "name": step.release,
            "namespace": step.namespace,
            "chart": charts[step.release],
            "values": [str(values)],
            "needs": [f"{other.namespace}/{other.release}" for other in before],
            "hooks": list(_definitions(step, wanted, releases)),
        }
    return {
        "helmDefaults": {"wait": True, "waitForJobs": True, "timeout": 600, "createNamespace": False},
        "releases": list(releases.values()),
    }


def _installs_before(node: PlanNode, plan: Plan) -> Iterable[InstallChart]:
    """The installations that a step needs with none in between."""
    nodes = {other.key: other for other in plan.nodes}
    found: dict[str, InstallChart] = {}
    waiting, seen = list(node.needs), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        step = nodes[key].step
        if isinstance(step, InstallChart):
            found[key] = step
        else:
            waiting.extend(nodes[key].needs)
    return found.values()


def _definitions(
    step: InstallChart, wanted: Wanted, releases: dict[str, dict[str, object]]
) -> Iterator[dict[str, object]]:
    """The hooks that apply the manifests of a stack before its first chart."""
    if any(name != step.release and _stack_of(name, wanted) == step.stack for name in releases):
        return
    kubectl = str(wanted.state.toolbox.program("kubectl"))
    for other in wanted.in_order():
        if isinstance(other, ApplyManifests) and other.stack == step.stack:
            path = origin(other.module, other.path, wanted.state.toolbox)
            yield {
                "events": ["presync"],
                "command": kubectl,
                "args": ["apply", "--server-side", "--filename", str(path)],
            }


def _stack_of(release: str, wanted: Wanted) -> str:
    return next(s.stack for s in wanted.in_order() if isinstance(s, InstallChart) and s.release == release)


def _timeout(step: InstallChart) -> str:
    return f"{int(step.deadline.total_seconds())}s"
