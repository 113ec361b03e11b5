"""The AWS seeds: into LocalStack, and from there into the Secrets that are made of them."""

from __future__ import annotations

import time

from devenv.events import Noted
from devenv.labels import LABEL_STACK
from devenv.plan.names import SEEDS_SECRET
from devenv.plan.steps import ApplySeeds, RefreshSecrets
from devenv.runtime.step_context import StepContext
from devenv.spec import seeds

SEED_PROGRAM = "seed.py"
SEED_DOCUMENT = "seeds.json"
_RESEED = (
    'document=$(mktemp) && cat > "$document" && DEVENV_SEEDS="$document" '
    "/opt/code/localstack/.venv/bin/python /etc/localstack/init/ready.d/seed.py; "
    'status=$?; rm -f "$document"; exit $status'
)
_REFRESH_SECONDS = 30.0


def apply_seeds(step: ApplySeeds, context: StepContext) -> str:
    """Write the seeds, generated values kept from before; a LocalStack that runs gets them at once."""
    environment = context.environment
    before = environment.cluster.secret(step.namespace, SEEDS_SECRET)
    previous = before.get(SEED_DOCUMENT, b"")
    known = seeds.secret_texts(seeds.from_json(previous.decode())) if previous else {}
    document = seeds.generate(seeds.from_json(step.document), known)
    environment.mask(*seeds.texts_to_mask(document))
    text = document.to_json()
    program = (environment.data / "localstack-init" / SEED_PROGRAM).read_bytes()
    data = {SEED_DOCUMENT: text.encode(), SEED_PROGRAM: program}
    secret = environment.cluster.write_secret(step.namespace, SEEDS_SECRET, data, labels={LABEL_STACK: step.stack})
    context.run.applied.note(step.stack, [secret])
    if previous and previous.decode() != text and _runs(step, context):
        context.run.toolbox.kubectl.exec(
            step.namespace,
            f"deployment/{step.stack}",
            None,
            ["sh", "-c", _RESEED],
            stdin=text.encode(),
            cancel=context.cancel,
            on_line=context.output,
        )
        return "applied to the running pod"
    return f"{len(seeds.secret_texts(document))} secret values"


def refresh_secrets(step: RefreshSecrets, context: StepContext) -> str:
    """Have external secrets read the seeds anew where these have changed since they did."""
    return refresh(step.namespace, context)


def refresh(namespace: str, context: StepContext, *, again: bool = False) -> str:
    """Bring the seeds of LocalStack into the Secrets that are made of them; what cannot be done now is reported.

    Args:
        namespace: LocalStack's.
        context: the run's.
        again: whether they are read anew though the seeds are those of before: LocalStack had others.
    """
    cluster = context.environment.cluster
    token = cluster.version_of_secret(namespace, SEEDS_SECRET) + (f"-{time.time():.0f}" if again else "")
    refreshed = cluster.refresh_external_secrets(token, timeout=_REFRESH_SECONDS, cancel=context.cancel)
    for key, reason in refreshed.left.items():
        space, _, name = key.partition("/")
        hint = context.run.toolbox.kubectl.pasted("--namespace", space, "describe", "externalsecret", name)
        context.emit(Noted(f"external secret {key} does not follow the seeds yet: {reason}", "warning", hint))
    return f"{len(refreshed.done)} secrets read anew" if refreshed.done else ""


def _runs(step: ApplySeeds, context: StepContext) -> bool:
    return any(
        w.namespace == step.namespace and w.name == step.stack and w.ready > 0
        for w in context.environment.cluster.workloads_of("Deployment")
    )
