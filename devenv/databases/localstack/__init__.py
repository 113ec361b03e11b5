"""LocalStack: back to its seeds through the services' own APIs, service by service."""

from devenv.databases.localstack.program import Change
from devenv.databases.localstack.reset import LocalStack

__all__ = ["Change", "LocalStack"]
