"""JSON Schemas of the files that users write, for editors.

Responsible for the documents and where they lie. What is beyond a schema's means (files, names of others) is
told by `devenv validate`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from devenv.spec.project import ProjectSpec
from devenv.spec.seeds import Seeds
from devenv.spec.stack import StackSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, tuple[type[BaseModel], str]] = {
    "devenv": (ProjectSpec, "devenv.yaml: the environment of one product"),
    "stack": (StackSpec, "stack.yaml: one stack"),
    "seeds": (Seeds, "Seeds of AWS services"),
}
"""By name: the model and the schema's title."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file: `devenv`, `stack` or `seeds`."""
    model, title = SCHEMAS[name]
    document = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, **document, "title": title}


def schema_text(name: str) -> str:
    """The schema as it is written to its file."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def schema_file(folder: Path, name: str) -> Path:
    """Where the schema lies in a folder."""
    return folder / f"{name}.schema.json"


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write all schemas to a folder; returns their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(schema_file(folder, name) for name in SCHEMAS)
    for name, file in zip(SCHEMAS, files, strict=True):
        file.write_text(schema_text(name), encoding="utf-8")
    return files
