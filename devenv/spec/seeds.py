"""The AWS seeds document: what LocalStack holds, as data.

Responsible for its shape, and for filling in values that are to be generated. Applying it is the concern of
`localstack-init/seed.py`, reading its files that of `devenv.spec.read.seed_files`.
"""

from __future__ import annotations

import secrets as randomness
import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from devenv.spec.model import SpecModel, WrittenText

_ALPHABET = string.ascii_letters + string.digits
_OPEN_KEYS = frozenset({"engine", "host", "port", "dbname", "database", "username", "user"})
"""What a secret holds beside the secret: the keys that AWS' own rotation knows, and their usual other names.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
"""


_VAULT_NAME = r"^(\{namespace_prefix\})?[A-Za-z0-9/_+=.@-]{1,512}$"
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_QUEUE = r"^[A-Za-z0-9_-]{1,75}(\.fifo)?$"
_TOPIC = r"^[A-Za-z0-9_-]{1,250}(\.fifo)?$"
_TABLE = r"^[A-Za-z0-9_.-]{3,255}$"
_FUNCTION = r"^[A-Za-z0-9_-]{1,64}$"
_RUNTIME = r"^[a-z]+[a-z0-9.]*$"
_HANDLER = r"^[A-Za-z0-9_./-]+$"
NAME_RULES = {
    _VAULT_NAME: "a secret's name (up to 512 letters, digits and /_+=.@-)",
    _BUCKET: "a bucket's name (3 to 63 lower-case letters, digits, dots and dashes)",
    _QUEUE: "a queue's name (up to 80 letters, digits, - and _; .fifo at the end of a FIFO queue's)",
    _TOPIC: "a topic's name (up to 255 letters, digits, - and _; .fifo at the end of a FIFO topic's)",
    _TABLE: "a table's name (3 to 255 letters, digits, dots, - and _)",
    _FUNCTION: "a function's name (up to 64 letters, digits, - and _)",
    _RUNTIME: "a runtime such as python3.11",
    _HANDLER: "a handler such as handler.main (module and function)",
}
"""What AWS accepts, in words, by pattern."""
SecretName = Annotated[str, StringConstraints(pattern=_VAULT_NAME)]
BucketName = Annotated[str, StringConstraints(pattern=_BUCKET)]
QueueName = Annotated[str, StringConstraints(pattern=_QUEUE)]
TopicName = Annotated[str, StringConstraints(pattern=_TOPIC)]
TableName = Annotated[str, StringConstraints(pattern=_TABLE)]
FunctionName = Annotated[str, StringConstraints(pattern=_FUNCTION)]


class Generate(SpecModel):
    """A random text of letters and digits, made once and kept for the life of the cluster."""

    length: Annotated[int, Field(strict=True, ge=8, le=256)] = 24


class Generated(SpecModel):
    """Stands for a text that devenv generates."""

    generate: Generate


def _form(value: Any) -> str:
    if isinstance(value, Generated) or (isinstance(value, Mapping) and "generate" in value):
        return "(generated)"
    return "(mapping)" if isinstance(value, Mapping) else "(text)"


def _form_of_text(value: Any) -> str:
    return "(text)" if _form(value) == "(text)" else "(generated)"


SecretText = Annotated[
    Annotated[str, Tag("(text)")] | Annotated[Generated, Tag("(generated)")], Discriminator(_form_of_text)
]
SecretValue = Annotated[
    Annotated[str, Tag("(text)")]
    | Annotated[Generated, Tag("(generated)")]
    | Annotated[dict[str, SecretText], Tag("(mapping)")],
    Discriminator(_form),
]


class Secret(SpecModel):
    """A secret of Secrets Manager."""

    name: SecretName
    """`{namespace_prefix}` at its beginning is the project's."""
    value: SecretValue
    """A text, or an object of texts, which is stored as JSON."""

    def in_project(self, namespace_prefix: str) -> Secret:
        return self.model_copy(update={"name": self.name.replace("{namespace_prefix}", namespace_prefix)})


class BucketObject(SpecModel):
    """An object in a bucket."""

    key: str = Field(min_length=1, max_length=1024)
    text: str


class Bucket(SpecModel):
    """An S3 bucket."""

    name: BucketName
    objects: tuple[BucketObject, ...] = ()


class Queue(SpecModel):
    """An SQS queue; a name that ends in .fifo makes it a FIFO queue."""

    name: QueueName
    attributes: dict[str, WrittenText] = {}


class Subscription(SpecModel):
    """What a topic's messages go to; exactly one of queue and function."""

    queue: QueueName | None = None
    function: FunctionName | None = None
    raw: bool = Field(default=False, strict=True)
    """Deliver to a queue without SNS's envelope."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Subscription:
        if (self.queue is None) == (self.function is None):
            raise ValueError("exactly one of queue and function is expected")
        return self


class Topic(SpecModel):
    """An SNS topic with its subscriptions."""

    name: TopicName
    subscriptions: tuple[Subscription, ...] = ()


KeyAttribute = tuple[Annotated[str, Field(min_length=1, max_length=255)], Literal["S", "N", "B"]]


class TableKey(SpecModel):
    """A table's primary key: attribute and type, such as `[id, S]`."""

    hash: KeyAttribute
    range: KeyAttribute | None = None


class Table(SpecModel):
    """A DynamoDB table, billed by request."""

    name: TableName
    key: TableKey
    items: tuple[dict[str, Any], ...] = ()


class Function(SpecModel):
    """A Lambda function; exactly one of source, files and path tells its code."""

    name: FunctionName
    runtime: Annotated[str, StringConstraints(pattern=_RUNTIME)]
    handler: Annotated[str, StringConstraints(pattern=_HANDLER)]
    source: str | None = None
    """Text of the handler's module."""
    files: dict[str, str] | None = None
    """Path inside the archive to text."""
    path: str | None = None
    """Folder relative to this file; becomes `files` when it is loaded."""
    environment: dict[str, WrittenText] = {}
    timeout: Annotated[int, Field(strict=True, ge=1, le=900)] | None = None
    """Seconds."""

    @model_validator(mode="after")
    def _one_origin(self) -> Function:
        if sum(code is not None for code in (self.source, self.files, self.path)) != 1:
            raise ValueError("exactly one of source, files and path is expected")
        return self


class Seeds(SpecModel):
    """The whole document."""

    secrets: tuple[Secret, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    queues: tuple[Queue, ...] = ()
    topics: tuple[Topic, ...] = ()
    tables: tuple[Table, ...] = ()
    functions: tuple[Function, ...] = ()

    def in_project(self, namespace_prefix: str) -> Seeds:
        """The document with the names that its secrets have in a project."""
        secrets = tuple(secret.in_project(namespace_prefix) for secret in self.secrets)
        return self.model_copy(update={"secrets": secrets} if secrets else {})

    def to_json(self) -> str:
        """The document as JSON: the same text for the same document; unset keys are left out."""
        return self.model_dump_json(exclude_unset=True)


SECTIONS: tuple[str, ...] = tuple(Seeds.model_fields)


def from_json(text: str) -> Seeds:
    """The document that `Seeds.to_json` wrote.

    Raises:
        ValueError: the text is no such document.
    """
    return Seeds.model_validate_json(text)


def generate(document: Seeds, previous: Mapping[str, str]) -> Seeds:
    """The document with a text for each `generate`.

    Args:
        document: what may hold `generate`.
        previous: `secret-name/key` (the name alone for a secret of one text) to the text that it had before,
            which is kept whatever its length; see `secret_texts`.
    """
    filled = tuple(
        secret.model_copy(update={"value": _filled(secret.name, secret.value, previous)}) for secret in document.secrets
    )
    return document.model_copy(update={"secrets": filled} if filled else {})


def secret_texts(document: Seeds) -> dict[str, str]:
    """All texts of the secrets, as `generate` takes them the next time."""
    return {f"{name}/{key}" if key else name: text for name, key, text in _texts(document)}


def texts_to_mask(document: Seeds) -> tuple[str, ...]:
    """The texts of the secrets that nobody may see; a log in which each user's name is masked could not be read."""
    return tuple(text for _, key, text in _texts(document) if key not in _OPEN_KEYS)


def _texts(document: Seeds) -> Iterator[tuple[str, str, str]]:
    """Secret, key and text; the key of a secret of one text is empty."""
    for secret in document.secrets:
        entries = secret.value if isinstance(secret.value, dict) else {"": secret.value}
        for key, value in entries.items():
            if isinstance(value, str):
                yield secret.name, key, value


def _filled(
    name: str, value: str | Generated | dict[str, str | Generated], previous: Mapping[str, str]
) -> str | dict[str, str]:
    if isinstance(value, dict):
        return {key: _text(f"{name}/{key}", item, previous) for key, item in value.items()}
    return _text(name, value, previous)


def _text(name: str, value: str | Generated, previous: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return value
    return previous.get(name) or "".join(randomness.choice(_ALPHABET) for _ in range(value.generate.length))
