"""The steps of a stack: what is prepared for it, what is installed, when it counts as ready."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from devenv.adapters import process
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.cluster import Recorded, Release, of_stack
from devenv.databases.atlas import failed_statement
from devenv.databases.flyway import flyway_hint
from devenv.errors import (
    CommandFailedError,
    CommandTimeoutError,
    HookError,
    SpecError,
    ToolMissingError,
    WorkloadError,
)
from devenv.events import Noted
from devenv.labels import LABEL_CARRIES, LABEL_CONTENT, LABEL_STACK
from devenv.plan.names import CA_SECRET, HOST_CA, TLS_SECRET
from devenv.plan.steps import ApplyCa, ApplyLicence, ApplyManifests, ApplyTls, AwaitReady, InstallChart, RunHook
from devenv.runtime.applied import AppliedStack
from devenv.runtime.diagnosis import Scope
from devenv.runtime.host_commands import run_on_host
from devenv.runtime.observe.carried_folders import packed
from devenv.runtime.observe.cluster import claims_of
from devenv.runtime.observe.rendering import chart_of, release_of, rendered
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.borrowing import give_back
from devenv.runtime.steps.checks import await_checks
from devenv.runtime.steps.definitions import provide_definitions
from devenv.runtime.steps.image_proof import prove_images, warn_of_pulls
from devenv.runtime.steps.image_swap import early_swap
from devenv.runtime.steps.install import ChartInstallation, install
from devenv.runtime.steps.readiness import await_workloads
from devenv.runtime.steps.replacements import replace_before
from devenv.runtime.steps.synced_pods import replace_synced_pods
from devenv.runtime.steps.webhooks import until_webhooks_answer
from devenv.spec.workspace import LoadedStack

if TYPE_CHECKING:
    from devenv.adapters.certificates import Issued

_SIGNED_ANEW = (
    "the local CA is of an earlier devenv and could sign no other: it has a new certificate, to be trusted in place of "
    "the former one: devenv certificate"
)


def run_hook(step: RunHook, context: StepContext) -> str:
    """Run a hook; what it prints goes to the log, and into the error when it must not fail."""
    try:
        done = _run_here(step, context) if step.hook.command else _run_kubectl(step, context)
    except (CommandFailedError, CommandTimeoutError, ToolMissingError) as error:
        if step.hook.on_failure == "fail":
            raise HookError(
                f"hook {step.hook.name} {step.when} {step.stack} failed",
                context=error.context,
                hint=f"devenv up --only {step.stack}",
            ) from error
        return f"failed, and may: {error.message}"
    return f"{len(done.stdout.splitlines())} lines"


def _run_kubectl(step: RunHook, context: StepContext) -> process.Completed:
    return context.run.toolbox.kubectl.run(
        step.hook.kubectl, cancel=context.cancel, on_line=context.output, what=f"run hook {step.hook.name}"
    )


def _run_here(step: RunHook, context: StepContext) -> process.Completed:
    """Run a command of this machine."""
    hook, stack = step.hook, context.environment.workspace.stacks[step.stack]
    seconds = stack.spec.deadline.total_seconds()
    folder = stack.root / (hook.dir or "")
    return run_on_host(hook.command, context, shown=hook.shown, folder=folder, seconds=seconds, env={})


def apply_tls(step: ApplyTls, context: StepContext) -> str:
    """Issue the project's certificate and hand it to the stack as a Secret."""
    # Its library takes long to load, and few runs issue a certificate.
    from devenv.adapters.certificates import local_ca  # noqa: PLC0415

    _hand_over(local_ca().issue(step.domain), TLS_SECRET, step, context)
    return f"*.{step.domain}"


def apply_ca(step: ApplyCa, context: StepContext) -> str:
    """Issue a CA for the project's names alone and hand it to the stack as a Secret."""
    from devenv.adapters.certificates import local_ca  # noqa: PLC0415

    authority = local_ca()
    before = authority.certificate.read_bytes()
    _hand_over(authority.issue_authority(step.domain), CA_SECRET, step, context)
    if authority.certificate.read_bytes() != before:
        context.emit(Noted(_SIGNED_ANEW, "warning"))
    return f"{step.domain} and *.{step.domain}"


def _hand_over(issued: Issued, name: str, step: ApplyTls | ApplyCa, context: StepContext) -> None:
    data = {"tls.crt": issued.chain_pem, "tls.key": issued.key_pem}
    secret = context.environment.cluster.write_secret(
        step.namespace, name, data, kind="kubernetes.io/tls", labels={LABEL_STACK: step.stack}
    )
    context.run.applied.note(step.stack, [secret])


def apply_licence(step: ApplyLicence, context: StepContext) -> str:
    """Hand the stack the token that the user holds."""
    token = os.environ[step.variable]
    context.environment.mask(token)
    secret = context.environment.cluster.write_secret(
        step.namespace, step.secret, {step.variable: token.encode()}, labels={LABEL_STACK: step.stack}
    )
    context.run.applied.note(step.stack, [secret])
    return step.secret


def apply_manifests(step: ApplyManifests, context: StepContext) -> str:
    """Apply manifests or a kustomization server-side."""
    toolbox = context.run.toolbox
    text = rendered(step, toolbox, context.cancel)
    if step.looks_ahead:
        replace_before(step, text, context)

    def apply() -> None:
        toolbox.kubectl.apply(
            text, label=step.stack, namespace=step.namespace, cancel=context.cancel, on_line=context.output
        )

    until_webhooks_answer(apply, cancel=context.cancel, progress=context.progress)
    objects = manifests.outlines(text, step.namespace)
    context.run.applied.note(step.stack, objects, pinned=step.pinned)
    return f"{len(objects)} objects"


def install_chart(step: InstallChart, context: StepContext) -> str:
    """Install or upgrade a release, watched: a root cause ends the wait."""
    environment, toolbox = context.environment, context.run.toolbox
    scope = Scope(step.stack, step.namespace, frozenset({step.release}))
    stack = environment.workspace.stacks[step.stack]
    with (
        chart_of(step, toolbox) as chart,
        early_swap(step, scope, context) as begun,
        _locating_migrations(stack),
        _carrying(step, context),
    ):
        share_certificates(step, context)
        provide_definitions(step, chart, context)
        if step.looks_ahead and not begun:
            replace_before(step, rendered(step, toolbox, context.cancel), context)
        wanted = ChartInstallation(
            release=release_of(step, chart),
            deadline=step.deadline,
            labels={LABEL_CONTENT: step.content, LABEL_STACK: step.stack},
            waits=not begun,
        )
        install(
            toolbox.helm,
            environment.cluster,
            wanted,
            kubectl=toolbox.kubectl,
            cancel=context.cancel,
            on_line=context.output,
            progress=context.progress,
            on_change=lambda snapshot: warn_of_pulls(snapshot, scope, context),
        )
    _note_release(step, context)
    return ""


def _note_release(step: InstallChart, context: StepContext) -> None:
    """Remember what a release is made of; what cannot be read is reported, and then not looked after."""
    cluster, applied = context.environment.cluster, context.run.applied
    release = cluster.release(step.namespace, step.release)
    try:
        applied.note(step.stack, manifests.outlines(cluster.manifest(release), step.namespace) if release else ())
    except SpecError as error:
        applied.note(step.stack, ())
        context.emit(Noted(f"what chart {step.release} has made is not looked after: {error.message}", "warning"))


@contextmanager
def _carrying(step: InstallChart, context: StepContext) -> Iterator[None]:
    """Write the folders that the release's pods read, and remove what the former release had of them when it is in."""
    labels, cluster = {LABEL_STACK: step.stack, LABEL_CARRIES: step.release}, context.environment.cluster
    for carried in step.config_maps:
        parts = dict(zip(carried.names, packed(carried), strict=True))
        context.run.applied.note(step.stack, cluster.write_parts(step.namespace, parts, labels))
    yield
    if step.config_maps:
        # Not before: a release that failed goes back to its former ones.
        kept = [name for carried in step.config_maps for name in carried.names]
        cluster.remove_parts(step.namespace, labels, but=kept)


@contextmanager
def _locating_migrations(stack: LoadedStack) -> Iterator[None]:
    """Tell where the statement stands at which the stack's migrations failed; Flyway shows that itself."""
    try:
        yield
    except WorkloadError as error:
        database = stack.spec.database
        if database and database.migrations:
            log = "\n".join(error.log)
            if place := failed_statement(log, stack.root / database.migrations):
                error.context["failed statement"] = place
            error.hint = flyway_hint(log, stack.spec.name) or error.hint
        raise


def await_ready(step: AwaitReady, context: StepContext) -> str:
    """Wait for the stack's workloads and checks, prove that they run what was built, then record its content."""
    cluster = context.environment.cluster
    releases = cluster.releases()
    scope = Scope.of_stack(step.stack, step.namespace, releases)
    replace_synced_pods(step.stack, context)
    give_back(step.stack, context)
    await_workloads(
        cluster,
        scope,
        step.deadline,
        kubectl=context.run.toolbox.kubectl,
        cancel=context.cancel,
        progress=context.progress,
        restarted=context.run.restarted.is_set(),
        on_change=lambda snapshot: warn_of_pulls(snapshot, scope, context),
    )
    await_checks(
        step.checks,
        cluster,
        context.run.toolbox.kubectl,
        namespace=step.namespace,
        root=step.root,
        deadline=step.deadline,
        cancel=context.cancel,
        progress=context.progress,
    )
    proven = prove_images(step, scope, context)
    _record(step, releases, context)
    return proven


def _record(step: AwaitReady, releases: Sequence[Release], context: StepContext) -> None:
    """Write down what the stack was installed from and what it is made of, where it was worked on."""
    cluster, applied = context.environment.cluster, context.run.applied.take(step.stack)
    former = (cluster.state() or {}).get(step.stack) if step.pinned_since or step.kept else None
    if step.pinned_since and former:
        cluster.record(step.stack, replace(former, content=step.content))
    if applied is None and not step.kept:
        return
    made = applied or AppliedStack()
    pinned = {name: (cluster.inventory(outlines), len(outlines)) for name, outlines in made.pinned.items()}
    record = Recorded(
        step.content,
        cluster.inventory(made.objects),
        tuple(release.key for release in releases if release.stack == step.stack),
        claims_of(of_stack(step.stack, releases, cluster.workloads()), cluster.claims()),
        # Of what cannot be looked for it is never known whether it is still there.
        {name: found for name, (found, count) in pinned.items() if sum(map(len, found.values())) == count},
    )
    cluster.record(step.stack, record.keeping(former, step.kept) if former else record)


def share_certificates(step: InstallChart, context: StepContext) -> None:
    """Give a namespace the host's certificates where the host trusts more than its distribution does."""
    environment = context.environment
    if environment.trust.extra and environment.trust.bundle:
        data = {"ca-certificates.crt": environment.trust.bundle.read_text()}
        written = environment.cluster.write_config_map(step.namespace, HOST_CA, data)
        context.run.applied.note(step.stack, [written])
