"""Seed files of Meilisearch: one JSON file per index, named after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devenv.databases.meilisearch.server import RefusedError, Server
from devenv.databases.statements import seed_failed, seed_text


class IndexSeed(BaseModel):
    """What an index is made of: `items.json` is the index `items`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary_key: str | None = Field(default=None, alias="primaryKey")
    settings: dict[str, Any] = {}
    documents: list[dict[str, Any]] = []


def apply_seed(server: Server, prefix: str, path: Path) -> None:
    """Make a file's index, under a name with a prefix; raises DatabaseError, with the line where it is no JSON."""
    seed, uid = _read(path), prefix + path.stem
    try:
        server.create(uid, seed.primary_key, seed.settings)
        server.put_documents(uid, seed.documents, seed.primary_key)
    except RefusedError as error:
        raise seed_failed(path, 1, "", error.context.get("cause") or error.message) from error


def _read(path: Path) -> IndexSeed:
    text = seed_text(path)
    try:
        return IndexSeed.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise seed_failed(path, error.lineno, text.split("\n")[error.lineno - 1], error.msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise seed_failed(path, 1, where, f"{where}: {first['msg']}") from error
