"""JSON Schemas of the files that users write, for editors.

Responsible for the documents and where they lie. What is beyond a schema's means (files, names of others) is
reported by `devenv validate`.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from devenv.spec.compatibility import Compatibility
from devenv.spec.project import ProjectSpec
from devenv.spec.seeds import Seeds
from devenv.spec.stack import StackSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, tuple[type[BaseModel], str]] = {
    "devenv": (ProjectSpec, "devenv.yaml: the environment of one product"),
    "stack": (StackSpec, "stack.yaml: one stack"),
    "seeds": (Seeds, "Seeds of AWS services"),
    "compatibility": (Compatibility, "Which versions of stacks go together"),
}
"""By name: the model and the schema's title."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file, by its name in `SCHEMAS`."""
    return described(*SCHEMAS[name])


def described(model: type[BaseModel], title: str, *, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """The JSON Schema of a model, with its attributes' docstrings as descriptions."""
    document = model.model_json_schema(schema_generator=_Described, mode=mode)
    return {"$schema": DIALECT, **document, "title": title}


class _Described(GenerateJsonSchema):
    """Schemas in which the attributes' docstrings are descriptions.

    Pydantic does so too (`use_attribute_docstrings`), but reads the source of each model whenever it is imported. That
    costs every command 30 ms.
    """

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """The schema of one model."""
        made = super().model_schema(schema)
        for name, text in _attribute_docstrings(schema["cls"]).items():
            if name in made["properties"]:
                made["properties"][name]["description"] = text
        return made


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each attribute of a class and of its bases, by the attribute's name."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        for node in ast.parse(textwrap.dedent(inspect.getsource(one))).body:
            for pair in pairwise(node.body if isinstance(node, ast.ClassDef) else ()):
                match pair:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                        found[name] = inspect.cleandoc(text)
    return found


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
