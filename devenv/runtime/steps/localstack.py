"""The way to the environment's LocalStack: through Traefik, with the seeds that the cluster holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.errors import DatabaseError
from devenv.plan.names import SEEDS_SECRET
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import http_ports
from devenv.runtime.steps.seeding import SEED_DOCUMENT, SEED_PROGRAM
from devenv.spec.project import LOOPBACK

if TYPE_CHECKING:
    from devenv.localstack import LocalStack


def local_stack(environment: Environment) -> LocalStack:
    """LocalStack with its seeds, values that were generated included.

    Raises:
        DatabaseError: it is not deployed.
    """
    stack = next(loaded.spec for loaded in environment.workspace.stacks.values() if loaded.spec.seeds)
    ports = http_ports(environment.containers())
    held = environment.cluster.secret(stack.namespace, SEEDS_SECRET) if ports else {}
    if not ports or SEED_DOCUMENT not in held:
        raise DatabaseError(f"{stack.name} is not deployed", hint=f"devenv up --only {stack.name}")
    http, _ = ports
    from devenv.localstack import LocalStack  # noqa: PLC0415 -- its clients take long to load

    return LocalStack(
        endpoint=f"http://{LOOPBACK}:{http}",
        host=f"{stack.endpoints[0].host}.{environment.names.domain}:{http}",
        document=held[SEED_DOCUMENT].decode(),
        program=environment.data / "localstack-init" / SEED_PROGRAM,
        lock=environment.state / "localstack.lock",
    )
