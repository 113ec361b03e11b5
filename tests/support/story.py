"""A run as its events, with every kind of end that a step can have: what the sinks are tested on."""

from __future__ import annotations

from devenv.errors import InterruptedRunError, WorkloadError
from devenv.events import (
    Event,
    Noted,
    PlanMade,
    PlannedStep,
    RunFinished,
    StepFailed,
    StepOutput,
    StepProgressed,
    StepSkipped,
    StepStarted,
    StepSucceeded,
)

PLAN = PlanMade(
    project="alt",
    cluster="devenv-alt",
    steps=(
        PlannedStep("tool/kind", "Provide kind", "tools"),
        PlannedStep("image/traefik", "Build image traefik", "images", reason="new"),
        PlannedStep("cluster/create", "Create cluster devenv-alt", "cluster", ("tool/kind",), "new"),
        PlannedStep(
            "install/postgres",
            "Install chart postgres",
            "02-infrastructure",
            ("cluster/create",),
            "changed: values",
        ),
        PlannedStep("install/backend", "Install chart alt-backend", "04-core-services", ("install/postgres",), "new"),
    ),
    unchanged=("namespaces",),
)
FAILURE = WorkloadError(
    "postgres cannot become ready",
    context={"cause": "image-pull: no such image", "last lines": "pulling\n\x1b[31mnot found\x1b[0m\n"},
    hint="devenv status\ndevenv up --only postgres",
)
STORY: tuple[Event, ...] = (
    PLAN,
    StepStarted("tool/kind", 0.0),
    StepStarted("image/traefik", 0.0),
    StepProgressed("image/traefik", "[build 3/7] go build"),
    StepSucceeded("tool/kind", 0.2, 0.2, "from PATH"),
    StepStarted("cluster/create", 0.2),
    StepOutput("cluster/create", "Preparing nodes"),
    Noted("the port 8080 is taken", "warning", "devenv status"),
    StepSucceeded("cluster/create", 20.0, 19.8),
    StepStarted("install/postgres", 20.0),
    StepFailed("install/postgres", 32.0, 12.0, FAILURE),
    StepSkipped("install/backend", "install/postgres failed"),
    StepFailed("image/traefik", 33.0, 33.0, InterruptedRunError("stopped while building")),
    RunFinished(
        succeeded=2,
        failed=1,
        skipped=1,
        unchanged=1,
        seconds=33.0,
        chain=("image/traefik",),
        chain_seconds=33.0,
        log="/state/logs/up.log",
        links=(("backend", "http://backend.alt.localhost"), ("s3", "http://s3.alt.localhost")),
    ),
)
