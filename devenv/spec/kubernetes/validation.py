"""Objects against the schemas of their kinds, as an API server checks them that is asked to be strict.

Responsible for types, fields and formats. Rules in CEL, and what a kind's own code checks, are left to the API server.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.spec.kubernetes.finding import Finding, Json
from devenv.spec.kubernetes.schemas import Schemas
from devenv.spec.read.wording import did_you_mean
from devenv.spec.yaml.positions import KeyPath

_META = {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
_APART = {"apiVersion", "kind", "metadata", "status"}
"""What is not checked with the rest of an object: the first two name its schema, and the last is not written."""
_QUANTITY = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?\d+))?$")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (Mapping,),
}
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def schema_findings(item: Json, schemas: Schemas) -> Iterator[Finding]:
    """What the schema of an object's kind refuses; nothing where the kind is not known."""
    schema = schemas.of(item)
    if schema is None:
        return
    check = _Check(schemas)
    yield from check.value(item.get("metadata"), _META, ("metadata",))
    rest = {name: value for name, value in item.items() if name not in _APART}
    known = schemas.resolve(schema)
    wanted = [name for name in known.get("required", ()) if name not in _APART]
    yield from check.value(rest, {**known, "required": wanted}, ())


class _Check:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def value(self, value: Any, schema: Json, path: KeyPath) -> Iterator[Finding]:
        """What a schema refuses of a value; a null is as good as nothing."""
        reference = str(schema.get("$ref", ""))
        schema = self._schemas.resolve(schema)
        if value is None:
            return
        if _is_int_or_string(schema):
            if isinstance(value, bool) or not isinstance(value, int | str):
                yield _wrong(path, f"a whole number or a text is expected, found {_found(value)}")
            return
        if reference.endswith(".Quantity"):
            yield from _quantity(value, path)
            return
        kind = schema.get("type")
        if kind and not _is_of(value, kind):
            yield _wrong(path, f"{_WORDS.get(kind, kind)} is expected, found {_found(value)}", _type_hint(value, kind))
            return
        yield from _limits(value, schema, path)
        if isinstance(value, Mapping):
            yield from self._mapping(value, schema, path)
        elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
            for index, entry in enumerate(value):
                yield from self.value(entry, schema["items"], (*path, index))
        yield from self._alternatives(value, schema, path)

    def _mapping(self, value: Json, schema: Json, path: KeyPath) -> Iterator[Finding]:
        properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
        for key in schema.get("required", ()):
            if value.get(key) is None and "default" not in (properties.get(key) or {}):
                yield Finding("missing-field", "error", path, f"{key} is missing")
        for key, entry in value.items():
            if key in properties:
                yield from self.value(entry, properties[key], (*path, key))
            elif isinstance(more, Mapping):
                yield from self.value(entry, more, (*path, key))
            elif properties and not more and not _takes_anything(schema) and key not in {"apiVersion", "kind"}:
                hint = did_you_mean(str(key), [str(name) for name in properties])
                yield Finding("unknown-field", "error", (*path, key), f"there is no field {key} here", hint)

    def _alternatives(self, value: Any, schema: Json, path: KeyPath) -> Iterator[Finding]:
        for part in schema.get("allOf", ()):
            yield from self.value(value, part, path)
        for key in ("anyOf", "oneOf"):
            parts = schema.get(key) or ()
            count = sum(not any(True for _ in self.value(value, part, path)) for part in parts)
            if parts and (count == 0 or (key == "oneOf" and count > 1)):
                wanted = sorted({name for part in parts for name in part.get("required", ())})
                what = f"exactly one of {', '.join(wanted)} is expected" if wanted else "this fits no alternative"
                yield _wrong(path, what)


def _is_int_or_string(schema: Json) -> bool:
    return bool(schema.get("x-kubernetes-int-or-string")) or schema.get("format") == "int-or-string"


def _takes_anything(schema: Json) -> bool:
    return bool(schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource"))


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _limits(value: Any, schema: Json, path: KeyPath) -> Iterator[Finding]:
    """Listed values, formats, sizes."""
    listed = schema.get("enum")
    if listed and value not in listed:
        choices = ", ".join(str(choice) for choice in listed[:20])
        yield _wrong(path, f"{value} is none of {choices}", did_you_mean(str(value), [str(c) for c in listed]))
    if isinstance(value, str):
        yield from _text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield _wrong(path, f"{value} is less than {schema['minimum']}")
        if "maximum" in schema and value > schema["maximum"]:
            yield _wrong(path, f"{value} is more than {schema['maximum']}")
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield _wrong(path, f"at least {schema['minItems']} entries are expected")
        if "maxItems" in schema and len(value) > schema["maxItems"]:
            yield _wrong(path, f"at most {schema['maxItems']} entries are expected")


def _text(value: str, schema: Json, path: KeyPath) -> Iterator[Finding]:
    if schema.get("format") == "byte" and not _is_base64(value):
        yield _wrong(path, "this is not base64", "put plain texts under stringData")
    if len(value) < schema.get("minLength", 0):
        yield _wrong(path, f"at least {schema['minLength']} characters are expected")
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield _wrong(path, f"at most {schema['maxLength']} characters are expected")
    if (pattern := schema.get("pattern")) and not _matches(pattern, value):
        yield _wrong(path, f"{value} does not match {pattern}")


def _matches(pattern: str, value: str) -> bool:
    """Whether a text matches; where Python does not know Go's pattern, it may."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _quantity(value: Any, path: KeyPath) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        yield _wrong(path, f"a quantity such as 500m or 128Mi is expected, found {_found(value)}")
    elif isinstance(value, str) and not _QUANTITY.match(value):
        yield _wrong(path, f"{value} is no quantity", "write 500m, 2, 128Mi or 1Gi")


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:40]}"'
    words = next((word for kind, word in _WORDS.items() if isinstance(value, _TYPES[kind])), type(value).__name__)
    return words if isinstance(value, Mapping | list) else str(value)


def _type_hint(value: Any, kind: str) -> str:
    if kind == "string" and isinstance(value, int | float):
        return "put it in quotes"
    return "write it without quotes" if kind in {"integer", "boolean"} and isinstance(value, str) else ""


def _wrong(path: KeyPath, message: str, hint: str = "") -> Finding:
    return Finding("wrong-value", "error", path, message, hint)
