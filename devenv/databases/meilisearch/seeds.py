"""Seed files of Meilisearch: one JSON file per index, named after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devenv.databases.statements import seed_failed, seed_text


class IndexSeed(BaseModel):
    """What an index is made of: `items.json` is the index `items`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary_key: str | None = Field(default=None, alias="primaryKey")
    settings: dict[str, Any] = {}
    documents: list[dict[str, Any]] = []


def read_seed(path: Path) -> IndexSeed:
    """Read one file; raises DatabaseError with the line where it is no JSON."""
    text = seed_text(path)
    try:
        return IndexSeed.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise seed_failed(path, error.lineno, text.split("\n")[error.lineno - 1], error.msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise seed_failed(path, 1, where, f"{where}: {first['msg']}") from error
