"""`devenv env`: what programs on this machine have to know of an environment, as variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devenv.adapters.host.resolver import how_to_resolve, unresolved
from devenv.runtime.host.ports import http_ports
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.stack import DatabaseEngine
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.run.links import Link, reached

_AWS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # LocalStack takes any, so that these are no secrets
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CA_BUNDLE")
"""Variables of other accounts, which some SDKs let go before the keys."""
_RELATIONAL: tuple[DatabaseEngine, ...] = ("postgres", "mysql")
DATABASE_URL = "DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable."""

    name: str
    value: str
    secret: bool = False
    """Whether a password is in it."""


@dataclass(frozen=True, slots=True)
class Variables:
    """All of an environment."""

    given: tuple[Variable, ...]
    foreign: tuple[str, ...]
    """Names of those that would get in the way, and are taken from a shell."""
    sources: tuple[Path, ...]
    """Files after whose change the variables may be others."""
    notes: tuple[str, ...] = ()
    """What stands in the way of using them on this machine."""

    def as_dict(self) -> dict[str, str]:
        """Name to value."""
        return {variable.name: variable.value for variable in self.given}


def read_variables(directory: Path, session: Session) -> Variables:
    """The variables of the environment that runs, passwords included; raises what `reach` does."""
    with reach(directory, session) as deployment:
        environment = deployment.environment
        aws = tuple(_aws(_aws_links(deployment)))
        own = (Variable("KUBECONFIG", str(environment.kubeconfig)), *aws, *_databases(deployment))
        sources = (environment.workspace.root / PROJECT_FILE, environment.kubeconfig)
        return Variables(own, FOREIGN if aws else (), sources, tuple(_notes(aws)))


def _aws_links(deployment: Deployment) -> Sequence[Link]:
    """The endpoints of the stack that stands for AWS, where it is installed and reached from here."""
    environment, workspace = deployment.environment, deployment.environment.workspace
    names = [n for n in workspace.selected if workspace.stacks[n].spec.seeds and n in deployment.facts.records]
    return reached(workspace, names, http_ports(environment.containers())) if names else ()


def _aws(links: Sequence[Link]) -> Iterator[Variable]:
    """Where SDKs and the command line look for the services: the first endpoint, and those that are named after one."""
    if not links:
        return
    urls = {link.name: link.url.rstrip("/") for link in links}
    yield Variable("AWS_ENDPOINT_URL", urls.pop(links[0].name))
    yield from (Variable(f"AWS_ENDPOINT_URL_{_upper(name)}", url) for name, url in urls.items())
    yield from (Variable(name, value) for name, value in _AWS.items())


def _databases(deployment: Deployment) -> Iterator[Variable]:
    """A URL for each, after its stack, and that of the usual one as DATABASE_URL too, which many frameworks read."""
    chosen = [deployed for deployed in deployment.choose(()) if not deployed.interrupted]
    if not chosen:
        return
    with ThreadPoolExecutor(len(chosen), thread_name_prefix="databases") as pool:
        urls = list(pool.map(lambda deployed: deployment.address(deployed).url, chosen))
    found = dict(zip((deployed.name for deployed in chosen), urls, strict=True))
    if name := usual_database({deployed.name: deployed.spec.engine for deployed in chosen}):
        yield Variable(DATABASE_URL, found[name], secret=True)
    yield from (Variable(url_variable(name), url, secret=True) for name, url in found.items())


def usual_database(engines: Mapping[str, DatabaseEngine]) -> str:
    """The stack whose database DATABASE_URL is: the only relational one, or the one called like its engine; else empty.

    Args:
        engines: by the name of the stack.
    """
    known = [name for name, engine in engines.items() if engine in _RELATIONAL]
    usual = known if len(known) == 1 else [engine for engine in _RELATIONAL if engine in known]
    return next(iter(usual), "")


def url_variable(stack: str) -> str:
    """The variable that has the URL of a stack's database: `AUTH_POSTGRES_URL`."""
    return f"{_upper(stack)}_URL"


def _upper(name: str) -> str:
    """A name as shells take it for a variable's."""
    text = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return f"_{text}" if text[:1].isdigit() else text


def _notes(aws: Sequence[Variable]) -> Iterator[str]:
    hosts = {host for variable in aws if (host := urlsplit(variable.value).hostname)}
    if unknown := unresolved(hosts):
        yield f"this system's resolver does not know {', '.join(unknown)}: {how_to_resolve(unknown)}"
