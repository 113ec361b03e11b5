"""`devenv up` against a script that runs kind, `kind load` and `helm --wait` one after the other.

Both make the same cluster from the same configuration and put the same charts, values and images into it, in one run
on one machine; images are built beforehand. Printed are seconds and their ratio, and how far `devenv up` is from the
longest chain of its own steps. Run it as `python benchmarks/up.py [PROJECT_FOLDER] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from devenv.adapters.charts import copy_chart
from devenv.engine.environment import Environment
from devenv.engine.execute import execute
from devenv.engine.observe import observe
from devenv.engine.stack_steps import share_certificates
from devenv.engine.step_context import StepContext
from devenv.plan.graph import order, select
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import make_plan
from devenv.plan.steps import AwaitNodeRuntime, InstallChart, LoadImage, PruneBuildCache
from devenv.spec.load import load_workspace
from devenv.workflows.connect import connect
from devenv.workflows.session import Session

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "alt"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--rounds", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        project = Path(folder, "project")
        shutil.copytree(wanted.project, project)
        spec = yaml.safe_load((project / "devenv.yaml").read_text())
        (project / "devenv.yaml").write_text(yaml.safe_dump({**spec, "project": "devenv-bench"}))
        devenv(project, "down")
        devenv(project, "up")  # provides tools and images, which neither side is to pay for
        rows = [measure(project) for _ in range(wanted.rounds)]
    report(rows)


def measure(project: Path) -> tuple[float, float, float]:
    """Seconds of the script, of `devenv up`, and of its longest chain."""
    devenv(project, "down")
    began = time.monotonic()
    one_after_the_other(project)
    script = time.monotonic() - began
    devenv(project, "down")
    began = time.monotonic()
    events = [json.loads(line) for line in devenv(project, "up", "--yes", "--json").splitlines()]
    ours = time.monotonic() - began
    devenv(project, "down")
    return script, ours, events[-1]["chain_seconds"]


def one_after_the_other(project: Path) -> None:
    """What people write by hand: each program waits for the one before."""
    session = Session(
        emit=lambda _: None, confirm=lambda _: False, open_log=lambda folder: folder, mask=lambda *_: None
    )
    workspace = load_workspace(project, data_root=session.data_root)
    environment = connect(workspace, session, agreed=False)
    observation = observe(environment, select(workspace), "auto")
    plan = make_plan(observation.wanted, observation.observed)
    for node in in_order(plan):
        run_step(node, environment)


def in_order(plan: Plan) -> list[PlanNode]:
    """The cluster, then all images, then stack after stack."""
    nodes = {node.key: node for node in plan.nodes}
    keys = order({key: tuple(node.needs) for key, node in nodes.items()})
    rank = {"cluster": 0, "load": 1}
    return sorted((nodes[key] for key in keys), key=lambda node: rank.get(node.key.split("/")[0], 2))


def run_step(node: PlanNode, environment: Environment) -> None:
    """One step by the plain program where it is what the comparison is about, else as devenv does it."""
    step = node.step
    context = StepContext(environment, node.key, lambda _: None, threading.Event())
    match step:
        case AwaitNodeRuntime() | PruneBuildCache():
            return
        case LoadImage():
            run([str(environment.program("kind")), "load", "docker-image", step.reference, "--name", step.cluster])
        case InstallChart():
            share_certificates(step.namespace, context)
            helm(step, environment)
        case _:
            execute(step, context)


def helm(step: InstallChart, environment: Environment) -> None:
    """`helm upgrade --install --wait` as written by hand."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(step.chart)
        if step.module:
            chart = copy_chart(
                environment.modules[step.module] / step.chart, Path(folder, "chart"), step.drop_dependencies
            )
        values = Path(folder, "values.json")
        values.write_text(step.values)
        argv = [str(environment.program("helm")), "upgrade", "--install", step.release, str(chart)]
        environment.cluster.ensure_namespace(step.namespace)
        argv += ["--namespace", step.namespace, "--values", str(values)]
        argv += ["--wait", "--wait-for-jobs", "--timeout", f"{int(step.deadline.total_seconds())}s"]
        # The labels by which `devenv down` and the checks that follow find the release's workloads.
        argv += ["--labels", f"devenv.io/stack={step.stack}", "--kubeconfig", str(environment.kubeconfig)]
        run(argv)


def devenv(project: Path, *args: str) -> str:
    """Standard output of `devenv` in a project."""
    return run([sys.executable, "-m", "devenv", *args], cwd=project)


def run(argv: Sequence[str], cwd: Path | None = None) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def report(rows: list[tuple[float, float, float]]) -> None:
    """Print the table."""
    print(f"{platform.platform()}, Python {platform.python_version()}")
    print("| script, s | devenv up, s | ratio | longest chain, s | up / chain |")
    print("| --- | --- | --- | --- | --- |")
    for script, ours, chain in rows:
        print(f"| {script:.1f} | {ours:.1f} | {ours / script:.2f} | {chain:.1f} | {ours / chain:.2f} |")


if __name__ == "__main__":
    main()
