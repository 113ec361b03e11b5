"""Seed files for NATS: streams with consumers and messages, key-value buckets, object stores; YAML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from devenv.errors import Problem, SpecError
from devenv.spec.model import SpecModel
from devenv.spec.read.validation import check
from devenv.spec.yaml.reader import read_yaml

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
"""Of a stream, a consumer or a bucket."""
Subject = Annotated[str, StringConstraints(pattern=r"^[^\s]+$")]
Config = dict[str, Any]
"""Further keys as in JetStream's API, such as `retention: workqueue`; durations in nanoseconds."""


class Message(SpecModel):
    """A message; its data are `text`, or `value` as JSON."""

    subject: Subject
    text: str | None = None
    value: Any = None
    headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Message:
        if self.text is not None and self.value is not None:
            raise ValueError("one of text and value is expected")
        return self

    @property
    def data(self) -> bytes:
        """What is published."""
        return self.text.encode() if self.text is not None else json.dumps(self.value).encode()


class Consumer(SpecModel):
    """A durable consumer."""

    name: Name
    config: Config = Field(default_factory=dict)


class Stream(SpecModel):
    """A stream; messages are published in their order."""

    name: Name
    subjects: tuple[Subject, ...] = ()
    config: Config = Field(default_factory=dict)
    consumers: tuple[Consumer, ...] = ()
    messages: tuple[Message, ...] = ()


class KeyValueBucket(SpecModel):
    """A key-value bucket with its entries."""

    bucket: Name
    history: Annotated[int, Field(strict=True, ge=1, le=64)] = 1
    entries: dict[str, str] = Field(default_factory=dict)


class StoredObject(SpecModel):
    """An object of a store."""

    name: str = Field(min_length=1)
    text: str


class ObjectStore(SpecModel):
    """An object store with its objects."""

    bucket: Name
    objects: tuple[StoredObject, ...] = ()


class NatsSeeds(SpecModel):
    """What one file, or all of them, seed."""

    streams: tuple[Stream, ...] = ()
    key_values: tuple[KeyValueBucket, ...] = ()
    object_stores: tuple[ObjectStore, ...] = ()


def read_seeds(files: Sequence[Path]) -> NatsSeeds:
    """All files together, in their order; raises SpecError with every problem of every file."""
    problems: list[Problem] = []
    read: list[NatsSeeds] = []
    for path in files:
        document = read_yaml(path, empty="")
        problems += document.problems
        if document.document is None:
            continue
        checked = check(document.document, NatsSeeds)
        problems += checked.problems
        if checked.model:
            read.append(checked.model)
    if problems:
        raise SpecError(problems)
    return NatsSeeds(
        streams=tuple(stream for seeds in read for stream in seeds.streams),
        key_values=tuple(bucket for seeds in read for bucket in seeds.key_values),
        object_stores=tuple(store for seeds in read for store in seeds.object_stores),
    )
