"""What a variable or a file may stand for instead of a text: something that another part of the environment knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Tag, model_validator

from devenv.spec.model import DnsLabel, SpecModel, Text, WrittenText
from devenv.spec.seeds import BucketName, QueueName, SecretName, TableName, TopicName

DatabasePart = Literal["url", "jdbc", "host", "port", "name", "username", "password"]
ServicePart = Literal["url", "host", "port"]
_KINDS = ("database", "secret", "service", "queue", "topic", "bucket", "table", "aws")


class Reference(SpecModel):
    """Stands for what devenv knows; exactly one of database, secret, service, queue, topic, bucket, table and aws."""

    database: DnsLabel | None = None
    """Of `databases`, or a stack that runs one; `key` says which part of its address, the whole URL when unset."""
    secret: SecretName | None = None
    """Of Secrets Manager in LocalStack; `key` says which of its texts, the only one when unset."""
    service: DnsLabel | None = None
    """Of `services`, as the others reach it; `key` says url (when unset), host or port."""
    queue: QueueName | None = None
    """The URL of a seeded queue."""
    topic: TopicName | None = None
    """The ARN of a seeded topic."""
    bucket: BucketName | None = None
    """The name of a seeded bucket."""
    table: TableName | None = None
    """The name of a seeded table."""
    aws: Literal[True] | None = None
    """The endpoint of LocalStack."""
    key: Text | None = None
    port: DnsLabel | None = None
    """Which port of a service; its first one when unset."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Reference:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(f"exactly one of {', '.join(_KINDS[:-1])} and {_KINDS[-1]} is expected")
        if self.key is not None and not (self.database or self.secret or self.service):
            raise ValueError("key goes with database, secret or service")
        if self.port is not None and not self.service:
            raise ValueError("port goes with service")
        parts = get_args(DatabasePart) if self.database else get_args(ServicePart) if self.service else ()
        if self.key is not None and parts and self.key not in parts:
            raise ValueError(f"one of {', '.join(parts)} is expected as the key")
        return self

    @property
    def kind(self) -> str:
        """What it refers to, as it is written: `database`, `secret`."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    @property
    def name(self) -> str:
        """The name of that; `True` for AWS as a whole."""
        return str(getattr(self, self.kind))


def _form(value: Any) -> str:
    return "(reference)" if isinstance(value, Mapping | Reference) else "(text)"


EnvValue = Annotated[
    Annotated[WrittenText, Tag("(text)")] | Annotated[Reference, Tag("(reference)")], Discriminator(_form)
]
"""A text, or what stands for one."""
