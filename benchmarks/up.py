"""`devenv up` against a script that runs kind, `kind load` and `helm --wait` one after the other.

Both make the same cluster from the same configuration and put the same charts, values and images into it, in one run
on one machine; images are built beforehand. Printed are seconds and their ratio, and how far `devenv up` is from the
longest chain of its own steps; then an `up` that finds nothing changed, and `down`. Run it as
`python benchmarks/up.py [PROJECT_FOLDER] [--rounds N]`; with `--write` its table goes into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from machine import describe_machine, devenv, run, seconds_of, write_table

from devenv.adapters.charts.charts import copy_chart
from devenv.plan.graph import order, select
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import make_plan
from devenv.plan.steps import (
    AwaitNodeRuntime,
    AwaitReady,
    CreateCluster,
    InstallChart,
    LoadImage,
    PruneBuildCache,
    Step,
)
from devenv.runtime.environment import Environment
from devenv.runtime.observe.observe import observe
from devenv.runtime.run.execute import execute
from devenv.runtime.run_state import RunState
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.stacks import share_certificates
from devenv.runtime.toolbox import Toolbox
from devenv.spec.load import load_workspace
from devenv.workflows.access.connect import connect
from devenv.workflows.access.session import Session

DOCS = Path(__file__).resolve().parent / "README.md"
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "alt"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        project = Path(folder, "project")
        shutil.copytree(wanted.project, project)
        spec = yaml.safe_load((project / "devenv.yaml").read_text())
        (project / "devenv.yaml").write_text(yaml.safe_dump({**spec, "project": "devenv-bench"}))
        devenv(project, "down", "--adopt", "--yes")
        devenv(project, "up")  # provides tools and images, which neither side is to pay for
        rows = [measure(project) for _ in range(wanted.rounds)]
    text = f"{describe_machine()}\n\n{render(rows)}"
    print(text)
    if wanted.write:
        write_table(DOCS, "up", text)


@dataclass(frozen=True)
class Row:
    """Seconds of one round."""

    script: float
    up: float
    chain: float
    """The longest chain of steps of `up`."""
    again: float
    """`devenv up` when nothing has changed."""
    down: float


def measure(project: Path) -> Row:
    """One round."""
    devenv(project, "down", "--adopt", "--yes")
    script = seconds_of(lambda: one_after_the_other(project))
    devenv(project, "down", "--adopt", "--yes")
    began = time.monotonic()
    events = [json.loads(line) for line in devenv(project, "up", "--yes", "--json").splitlines()]
    up = time.monotonic() - began
    again = seconds_of(lambda: devenv(project, "up", "--yes"))
    down = seconds_of(lambda: devenv(project, "down", "--adopt", "--yes"))
    return Row(script, up, events[-1]["chain_seconds"], again, down)


def one_after_the_other(project: Path) -> None:
    """What people write by hand: each program waits for the one before."""
    session = Session(
        emit=lambda _: None, confirm=lambda _: False, open_log=lambda folder: folder, mask=lambda *_: None
    )
    workspace = load_workspace(project, data_root=session.data_root)
    environment = connect(workspace, session, agreed=False)
    observation = observe(environment, select(workspace), "auto")
    plan = make_plan(observation.wanted, observation.observed)
    state = RunState(observation.toolbox)
    for node in in_order(plan):
        run_step(node, environment, state)


def in_order(plan: Plan) -> list[PlanNode]:
    """The cluster, then all images, then stack after stack."""
    nodes = {node.key: node for node in plan.nodes}
    keys = order({key: tuple(node.needs) for key, node in nodes.items()})
    ranks: list[type[Step]] = [CreateCluster, AwaitNodeRuntime, LoadImage]
    return sorted(
        (nodes[key] for key in keys),
        key=lambda node: ranks.index(type(node.step)) if type(node.step) in ranks else len(ranks),
    )


def run_step(node: PlanNode, environment: Environment, state: RunState) -> None:
    """One step by the plain program where it is what the comparison is about, else as devenv does it."""
    step = node.step
    context = StepContext(environment, state, node.key, lambda _: None, threading.Event())
    match step:
        case AwaitNodeRuntime() | PruneBuildCache():
            return
        case LoadImage():
            run([str(state.toolbox.program("kind")), "load", "docker-image", step.reference, "--name", step.cluster])
        case InstallChart():
            share_certificates(step, context)
            helm(step, environment, state.toolbox)
        case AwaitReady():
            execute(replace(step, images=()), context)  # a script proves no images
        case _:
            execute(step, context)


def helm(step: InstallChart, environment: Environment, toolbox: Toolbox) -> None:
    """`helm upgrade --install --wait` as written by hand."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(step.chart)
        if step.module:
            chart = copy_chart(toolbox.modules[step.module] / step.chart, Path(folder, "chart"), step.drop_dependencies)
        values = Path(folder, "values.json")
        values.write_text(step.values)
        argv = [str(toolbox.program("helm")), "upgrade", "--install", step.release, str(chart)]
        environment.cluster.ensure_namespace(step.namespace)
        argv += ["--namespace", step.namespace, "--values", str(values)]
        argv += ["--wait", "--wait-for-jobs", "--timeout", f"{int(step.deadline.total_seconds())}s"]
        # The labels by which `devenv down` and the checks that follow find the release's workloads.
        argv += ["--labels", f"devenv.io/stack={step.stack}", "--kubeconfig", str(environment.kubeconfig)]
        run(argv)


def render(rows: Sequence[Row]) -> str:
    """A table."""
    heads = ("script, s", "up, s", "up / script", "longest chain, s", "up / chain", "up again, s", "down, s")
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in rows:
        cells = [f"{row.script:.1f}", f"{row.up:.1f}", f"{row.up / row.script:.2f}", f"{row.chain:.1f}"]
        cells += [f"{row.up / row.chain:.2f}", f"{row.again:.1f}", f"{row.down:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
