"""The steps of a stack: what is prepared for it, what is installed, when it counts as ready."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from devenv.adapters import manifests
from devenv.adapters.kubernetes import Cluster, Recorded, of_stack
from devenv.databases.atlas import failed_statement
from devenv.engine.checks import await_checks
from devenv.engine.diagnosis import Scope
from devenv.engine.giving_way import way_for
from devenv.engine.image_proof import prove_images, warn_of_pulls
from devenv.engine.image_swap import head_start
from devenv.engine.install import ChartInstallation, install
from devenv.engine.readiness import await_workloads
from devenv.engine.rendering import chart_of, rendered
from devenv.engine.step_context import StepContext
from devenv.errors import CommandFailedError, HookError, WorkloadError
from devenv.plan.names import HOST_CA, LABEL_CARRIES, LABEL_CONTENT, LABEL_STACK
from devenv.plan.steps import ApplyLicence, ApplyManifests, ApplySeeds, ApplyTls, AwaitReady, InstallChart, RunHook
from devenv.spec import seeds
from devenv.spec.folders import packed
from devenv.spec.workspace import LoadedStack

TLS_SECRET = "devenv-tls"  # noqa: S105 -- a Secret's name
SEEDS_SECRET = "localstack-seeds"  # noqa: S105 -- a Secret's name
SEED_PROGRAM = "seed.py"
SEED_DOCUMENT = "seeds.json"
_RESEED = (
    'document=$(mktemp) && cat > "$document" && DEVENV_SEEDS="$document" '
    "/opt/code/localstack/.venv/bin/python /etc/localstack/init/ready.d/seed.py; "
    'status=$?; rm -f "$document"; exit $status'
)


def run_hook(step: RunHook, context: StepContext) -> str:
    """Run a hook; what it prints goes to the log, and into the error when it must not fail."""
    try:
        done = context.environment.kubectl.run(
            step.hook.kubectl,
            cancel=context.cancel,
            on_line=context.output,
            what=f"run hook {step.hook.name}",
        )
    except CommandFailedError as error:
        if step.hook.on_failure == "fail":
            raise HookError(
                f"hook {step.hook.name} {step.when} {step.stack} failed",
                context=error.context,
                hint=f"devenv up --only {step.stack}",
            ) from error
        return f"failed, and may: {error.message}"
    return f"{len(done.stdout.splitlines())} lines"


def apply_tls(step: ApplyTls, context: StepContext) -> str:
    """Issue the project's certificate and hand it to the stack as a Secret."""
    # Its library takes long to load, and few runs issue a certificate.
    from devenv.adapters.certificates import local_ca  # noqa: PLC0415

    leaf = local_ca().issue(step.domain)
    data = {"tls.crt": leaf.chain_pem, "tls.key": leaf.key_pem}
    context.environment.cluster.write_secret(
        step.namespace, TLS_SECRET, data, kind="kubernetes.io/tls", labels={LABEL_STACK: step.stack}
    )
    return f"*.{step.domain}"


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
    environment.cluster.write_secret(step.namespace, SEEDS_SECRET, data, labels={LABEL_STACK: step.stack})
    if previous and previous.decode() != text and _runs(step, context):
        environment.kubectl.exec(
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


def apply_licence(step: ApplyLicence, context: StepContext) -> str:
    """Hand the stack the token that the user holds."""
    token = os.environ[step.variable]
    context.environment.mask(token)
    context.environment.cluster.write_secret(
        step.namespace, step.secret, {step.variable: token.encode()}, labels={LABEL_STACK: step.stack}
    )
    return step.secret


def apply_manifests(step: ApplyManifests, context: StepContext) -> str:
    """Apply manifests or a kustomization server-side."""
    environment = context.environment
    text = rendered(step, environment, context.cancel)
    if step.looks_ahead:
        way_for(step, text, context)
    environment.kubectl.apply(
        text, label=step.stack, namespace=step.namespace, cancel=context.cancel, on_line=context.output
    )
    return f"{len(manifests.documents(text))} objects"


def install_chart(step: InstallChart, context: StepContext) -> str:
    """Install or upgrade a release, watched: a root cause ends the wait."""
    environment = context.environment
    scope = Scope(step.stack, step.namespace, frozenset({step.release}))
    stack = environment.workspace.stacks[step.stack]
    with (
        chart_of(step, environment) as chart,
        head_start(step, scope, context) as begun,
        _locating_migrations(stack),
        _carrying(step, environment.cluster),
    ):
        if step.looks_ahead and not begun:
            way_for(step, rendered(step, environment, context.cancel), context)
        share_certificates(step.namespace, context)
        wanted = ChartInstallation(
            release=step.release,
            namespace=step.namespace,
            chart=chart,
            repository=step.repository,
            version=step.version,
            values=step.values,
            deadline=step.deadline,
            labels={LABEL_CONTENT: step.content, LABEL_STACK: step.stack},
            waits=not begun,
        )
        install(
            environment.helm,
            environment.cluster,
            wanted,
            cancel=context.cancel,
            on_line=context.output,
            progress=context.progress,
            on_change=lambda snapshot: warn_of_pulls(snapshot, scope, context),
        )
    return ""


@contextmanager
def _carrying(step: InstallChart, cluster: Cluster) -> Iterator[None]:
    """Write the folders that the release's pods read, and remove what the former release had of them when it is in."""
    labels = {LABEL_STACK: step.stack, LABEL_CARRIES: step.release}
    for carried in step.config_maps:
        cluster.write_parts(step.namespace, dict(zip(carried.names, packed(carried), strict=True)), labels)
    yield
    if step.config_maps:
        # Not before: a release that failed goes back to its former ones.
        kept = [name for carried in step.config_maps for name in carried.names]
        cluster.remove_parts(step.namespace, labels, but=kept)


@contextmanager
def _locating_migrations(stack: LoadedStack) -> Iterator[None]:
    """Tell where the statement stands at which the stack's migrations failed; Flyway tells that itself."""
    try:
        yield
    except WorkloadError as error:
        database = stack.spec.database
        if database and database.migrations:
            place = failed_statement("\n".join(error.log), stack.root / database.migrations)
            if place:
                error.context["failed statement"] = place
        raise


def await_ready(step: AwaitReady, context: StepContext) -> str:
    """Wait for the stack's workloads and checks, prove that they run what was built, then record its content."""
    environment, cluster = context.environment, context.environment.cluster
    releases = cluster.releases()
    scope = Scope.of_stack(step.stack, step.namespace, releases)
    await_workloads(
        cluster,
        scope,
        step.deadline,
        cancel=context.cancel,
        progress=context.progress,
        restarted=environment.restarted.is_set(),
        on_change=lambda snapshot: warn_of_pulls(snapshot, scope, context),
    )
    await_checks(
        step.checks,
        cluster,
        environment.kubectl,
        namespace=step.namespace,
        root=step.root,
        deadline=step.deadline,
        cancel=context.cancel,
        progress=context.progress,
    )
    proven = prove_images(step, scope, context)
    cluster.record(step.stack, Recorded.of(step.content, of_stack(step.stack, releases, cluster.workloads())))
    return proven


def share_certificates(namespace: str, context: StepContext) -> None:
    """Give a namespace the host's certificates where the host trusts more than its distribution does."""
    trust = context.environment.trust
    if trust.extra and trust.bundle:
        text = trust.bundle.read_text()
        context.environment.cluster.write_config_map(namespace, HOST_CA, {"ca-certificates.crt": text})


def _runs(step: ApplySeeds, context: StepContext) -> bool:
    return any(
        w.namespace == step.namespace and w.name == step.stack and w.ready > 0
        for w in context.environment.cluster.workloads_of("Deployment")
    )
