"""LocalStack: back to its seeds through the services' own APIs, service by service."""

from devenv.localstack.program import Change
from devenv.localstack.reset import LocalStack
from devenv.localstack.resources import Message, Queue, Resources
from devenv.localstack.vault import Secret, Vault, fields_of, with_field

__all__ = ["Change", "LocalStack", "Message", "Queue", "Resources", "Secret", "Vault", "fields_of", "with_field"]
