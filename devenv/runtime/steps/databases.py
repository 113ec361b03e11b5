"""The steps that concern databases, and the way to one: its Secret and its port."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

from devenv.adapters.process import Completed
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.inside import Execute
from devenv.errors import DatabaseError, InterruptedRunError
from devenv.events import Noted
from devenv.plan.steps import PrepareDatabase, ResetAws, ResetDatabase
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import published_ports
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.localstack import local_stack
from devenv.runtime.steps.seeding import refresh
from devenv.spec.project import LOOPBACK
from devenv.spec.stack import Database as DatabaseSpec

_KUBECTLS_WORDS = re.compile(r"^command terminated with exit code \d+\n?\Z", re.MULTILINE)
_LONGEST_SEED = timedelta(hours=1)
_REACH_SECONDS = 30.0
_RETRY_SECONDS = 0.2


def prepare_database(step: PrepareDatabase, context: StepContext) -> str:
    """Keep the freshly migrated state of a database."""
    with _open_when_reached(step, context) as database:
        kept = database.prepare(step.content, step.seeds, fresh=step.fresh)
    if kept:
        message = (
            f"{step.stack} held data that devenv did not know: it is left as it is, migrated and without the seeds"
        )
        context.emit(Noted(message, "warning", f"to have the seeded state instead: devenv reset-db {step.stack}"))
    return step.content[:12]


def _inside(step: PrepareDatabase, context: StepContext) -> Execute:
    database = step.database

    def execute(argv: Sequence[str], stdin: bytes) -> Completed:
        ended = context.run.toolbox.kubectl.exec(
            step.namespace,
            database.workload,
            database.container,
            argv,
            stdin,
            timeout=_LONGEST_SEED,
            check=False,
            cancel=context.cancel,
        )
        # The program's own words: kubectl adds the exit status.
        return replace(ended, stderr=_KUBECTLS_WORDS.sub("", ended.stderr))

    return execute


@contextmanager
def _open_when_reached(step: PrepareDatabase, context: StepContext) -> Iterator[Database]:
    """Connect to a server that may have become ready a moment ago.

    The nodes learn of a Service's new endpoint a second or two after the pod is ready, and tell nobody: until then
    connections are refused. And a Secret that went with its ExternalSecret comes back when that is read anew, while
    the pod runs on.
    """
    deadline = time.monotonic() + _REACH_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                where = address(context.environment, step.stack, step.namespace, step.database)
                database = stack.enter_context(open_database(where, _inside(step, context)))
                break
            except DatabaseError:
                if time.monotonic() > deadline:
                    raise
            if context.cancel.wait(_RETRY_SECONDS):
                raise InterruptedRunError("stopped while a database began to answer")
        yield database


def reset_database(step: ResetDatabase, context: StepContext) -> str:
    """Bring a database back to its pristine state."""
    where = address(context.environment, step.stack, step.namespace, step.database)
    with open_database(where) as database:
        began = time.monotonic()
        database.reset()
    return f"{time.monotonic() - began:.3f} s in the server"


def reset_aws(step: ResetAws, context: StepContext) -> str:
    """Bring LocalStack back to the seeds that the cluster holds, and the Secrets that are made of them."""
    changes = local_stack(context.environment).reset()
    refresh(step.namespace, context, again=bool(changes))
    return f"{len(changes)} things put right"


def address(environment: Environment, stack: str, namespace: str, database: DatabaseSpec) -> Address:
    """Where a stack's database answers, and as whom.

    Raises:
        DatabaseError: it has no Secret (it is not deployed), or the cluster was made before it was known.
    """
    return Address(
        engine=database.engine,
        host=LOOPBACK,
        port=_host_port(environment, stack, database),
        name=database.name,
        **_login(environment, stack, namespace, database),
    )


def _login(environment: Environment, stack: str, namespace: str, database: DatabaseSpec) -> dict[str, str]:
    data = environment.cluster.secret(namespace, database.secret)
    if not data:
        raise DatabaseError(
            f"database {stack} is not deployed: there is no Secret {namespace}/{database.secret}",
            hint=f"devenv up --only {stack}",
        )
    try:
        password = data["password"].decode()
        environment.mask(password)
        return {"user": data.get("username", database.user.encode()).decode(), "password": password}
    except UnicodeDecodeError as error:
        raise DatabaseError(
            f"username or password of database {stack} is not UTF-8 text",
            context={"secret": f"{namespace}/{database.secret}"},
            hint="give the secret text in UTF-8, then: devenv up",
        ) from error


def _host_port(environment: Environment, stack: str, database: DatabaseSpec) -> int:
    published = published_ports(environment.containers())
    if database.node_port in published:
        return published[database.node_port]
    raise DatabaseError(
        f"database {stack} has no port on this machine",
        context={
            "cause": "the cluster does not run, or was made before the stack was known",
            "port on the nodes": str(database.node_port),
        },
        hint="devenv status; a cluster's ports are fixed: devenv down && devenv up",
    )
