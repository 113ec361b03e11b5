"""LocalStack: back to its seeds through the services' own APIs, service by service."""

from devenv.localstack.program import Change
from devenv.localstack.reset import LocalStack
from devenv.localstack.resources import Message, Queue, Resources

__all__ = ["Change", "LocalStack", "Message", "Queue", "Resources"]
