"""Turns a model's complaints into problems in plain words, with line, key path and hint.

Responsible for words only: which values are wrong is pydantic's finding.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints, ValidationError

from devenv.errors import Problem
from devenv.spec.dashboard import Name, PersesDuration
from devenv.spec.model import DnsLabel, LayerName, NamespaceName, ProfileName, RegistryHost, RegistryPath, ValuePath
from devenv.spec.monitors import MetricName, RuleDuration
from devenv.spec.seeds import NAME_RULES
from devenv.spec.services.container import VariableName
from devenv.spec.services.database import DatabaseName
from devenv.spec.services.service import HealthPath, PathInContainer, PortName, Quantity, ServiceName, VolumeSize
from devenv.spec.sources.locked_source import Commit
from devenv.spec.sources.stack_source import Artefact, GitRef
from devenv.spec.yaml.positions import Document, KeyPath

Complaint = Mapping[str, Any]
"""One entry of `ValidationError.errors()`."""


def _pattern(annotation: Any) -> str:
    return next(str(each.pattern) for each in get_args(annotation)[1:] if isinstance(each, StringConstraints))


_LIKENESS = 0.65
"""Low enough for two swapped letters in a name of three, high enough that a hint is seldom wrong."""
_DNS_LABEL = _pattern(DnsLabel)
_NAMESPACE = _pattern(NamespaceName)
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_PATTERNS = {
    _DNS_LABEL: "a name of lower-case letters, digits and dashes (at most 63)",
    _NAMESPACE: "a namespace, such as shop-database or {namespace_prefix}-database (at most 63 characters)",
    _pattern(RegistryHost): "a registry such as docker.io (a host without https://, with a port if it has one)",
    _pattern(RegistryPath): "a registry and a folder of it, such as mirror.example/dockerhub (without https://)",
    _pattern(ProfileName): "a name of lower-case letters, digits and dashes (at most 30)",
    _pattern(LayerName): "a layer such as 02-infrastructure (two digits, a dash, a name)",
    _pattern(ValuePath): "a dotted path of keys in the chart's values, such as image.tag (not into a list)",
    _pattern(Name): "a name of letters, digits, dots, dashes and underscores (at most 75)",
    _pattern(PersesDuration): "a duration such as 30s, 15m or 1d",
    _pattern(RuleDuration): "a duration such as 30s, 15m or 1d",
    _pattern(MetricName): "a name of letters, digits, underscores and colons",
    _pattern(ServiceName): "a name of lower-case letters, digits and dashes that begins with a letter (at most 40)",
    _pattern(PortName): "a name of lower-case letters, digits and dashes that begins with a letter (at most 15)",
    _pattern(DatabaseName): "a name of letters, digits, dashes and underscores (at most 51)",
    _pattern(VariableName): "a variable's name (letters, digits, dots, dashes and underscores)",
    _pattern(PathInContainer): "an absolute path, such as /etc/app.yaml",
    _pattern(VolumeSize): "a size such as 1Gi, or empty",
    _pattern(Quantity): "a quantity such as 500m or 256Mi",
    _pattern(HealthPath): "a path such as /healthz",
    _pattern(GitRef): "a branch, a tag or a whole commit",
    _pattern(Artefact): "an artefact by its digest, such as registry.example/shop/stacks@sha256:…",
    _pattern(Commit): "a whole commit (40 or 64 hexadecimal digits)",
    r"^h1:[A-Za-z0-9+/]{43}=$": "a checksum as go.sum has it (h1:…=)",
    r"^sha256:[0-9a-f]{64}$": "a digest (sha256: and 64 hexadecimal digits)",
    **NAME_RULES,
}


def problems_of(document: Document, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    """The problems of a document that a model refused, one per key."""
    by_path: dict[KeyPath, list[Complaint]] = {}
    for complaint in error.errors(include_url=False):
        by_path.setdefault(complaint_path(document, complaint), []).append(complaint)
    nested = _explained_within(document, error)
    return [_problem(document, model, path, complaints) for path, complaints in by_path.items() if path not in nested]


def complaint_path(document: Document, complaint: Complaint) -> KeyPath:
    """Where the complaint is meant: its location without the names of union members.

    The last key of a `missing` complaint is kept though the document does not have it.
    """
    path: KeyPath = ()
    location = complaint["loc"]
    for index, key in enumerate(location):
        is_last = index == len(location) - 1
        if document.find((*path, key)) is not None or (is_last and complaint["type"] == "missing"):
            path = (*path, key)
    return path


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, empty when none is close."""
    close = closest(word, known)
    return f"did you mean {close}?" if close else ""


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, empty when none is."""
    found = difflib.get_close_matches(word[:200], list(known), n=1, cutoff=_LIKENESS)
    return found[0] if found else ""


def name_hint(word: str, known: Iterable[str], what: str) -> str:
    """As `did_you_mean`, else the list of what there is."""
    names = sorted(known)
    if not names:
        return f"there are no {what}"
    shown = ", ".join(names[:16]) + (", …" if len(names) > 16 else "")  # noqa: PLR2004 -- one line of text
    return did_you_mean(word, names) or f"{what}: {shown}"


def fields_at(model: type[BaseModel], path: KeyPath) -> tuple[str, ...]:
    """The keys that a model knows at a key path; empty where any key goes."""
    kinds: list[Any] = [model]
    for key in path:
        kinds = [below for kind in kinds for below in _below(kind, key)]
    names = (name for kind in kinds for name in _model_fields(kind))
    return tuple(dict.fromkeys(names))


def describe(value: Any, text: str = "") -> str:  # noqa: PLR0911 -- one per kind of value
    """What was found, in words; `text` is a scalar as it is written."""
    match value:
        case None:
            return "nothing"
        case bool():
            return text or str(value).lower()
        case int() | float():
            return f"the number {_short(text or str(value))}"
        case str():
            return f'"{_short(value)}"' if value else "empty text"
        case Mapping():
            return "a mapping" if value else "an empty mapping"
        case Sequence():
            return "a list" if value else "an empty list"
        case _:
            return "something else"


def _explained_within(document: Document, error: ValidationError) -> set[KeyPath]:
    """Paths refused only because something inside them was: a member of a union, or all entries of a list."""
    complaints = [(c, complaint_path(document, c)) for c in error.errors(include_url=False)]
    inner = {path[:length] for _, path in complaints for length in range(len(path))}
    return {path for c, path in complaints if path in inner and c["type"] in (*_EXPECTED, "too_short")}


def _problem(document: Document, model: type[BaseModel], path: KeyPath, complaints: list[Complaint]) -> Problem:
    first = complaints[0]
    node = document.find(path)
    if first["type"] == "missing" and isinstance(path[-1], int):
        return document.problem(path, f"entry {path[-1] + 1} of the list is missing")
    if first["type"] == "missing":
        return document.problem(path, f"{path[-1]} is missing", f"add a line: {path[-1]}: …")
    if first["type"] == "extra_forbidden":
        known = fields_at(model, path[:-1])
        return document.problem(path, "unknown key", name_hint(str(path[-1]), known, "known keys"))
    if first["loc"] and first["loc"][-1] == "[key]":
        key = str(path[-1]) if path else ""
        return document.problem(path, f"{_expectation(first)} is expected as the key", _better_name([first], key))
    if first["type"] == "value_error" and (node is None or not isinstance(node.value, str)):
        return document.problem(path, str(first["ctx"]["error"]))
    expected = " or ".join(dict.fromkeys(_expectation(c) for c in complaints))
    if first["type"] != "value_error":
        expected += " is expected"
    value = node.data() if node else None
    found = describe(value, node.text if node else "")
    return document.problem(path, f"{expected}, found {found}", _hint(complaints, value, node.text if node else ""))


def _expectation(complaint: Complaint) -> str:  # noqa: PLR0911 -- one per kind of complaint
    kind, context = complaint["type"], complaint.get("ctx", {})
    match kind:
        case "literal_error":
            words = str(context["expected"]).replace("'", "").replace("False", "false").replace("True", "true")
            return f"one of {words}" if " or " in words else words
        case "greater_than_equal":
            return f"a number from {context['ge']}"
        case "less_than_equal":
            return f"a number up to {context['le']}"
        case "string_pattern_mismatch":
            return _PATTERNS.get(context["pattern"], f"text that matches {context['pattern']}")
        case "string_too_long":
            return f"text of at most {context['max_length']} characters"
        case "string_too_short":
            return f"text of at least {context['min_length']} characters"
        case "too_short":
            return f"a list with at least {_entries(context['min_length'])}"
        case "too_long":
            return f"a list with at most {_entries(context['max_length'])}"
        case "value_error":
            return str(context["error"])
        case _:
            return _EXPECTED.get(kind, str(complaint["msg"]).lower())


def _hint(complaints: list[Complaint], value: Any, text: str) -> str:
    kinds = {c["type"] for c in complaints}
    if value is None:
        return "write a value after the colon, or remove the key"
    if "string_type" in kinds and isinstance(value, bool | int | float):
        return f'put it in quotes: "{_short(text)}"'
    if kinds & {"tuple_type", "list_type"} and isinstance(value, str):
        return f"write a list: [{', '.join(_short(value).replace(',', ' ').split())}]"
    if "literal_error" in kinds and isinstance(value, str):
        words = [w for c in complaints for w in str(c.get("ctx", {}).get("expected", "")).split("'")]
        if nearest := did_you_mean(value, [w for w in words if w.strip(", ") and w != " or "]):
            return nearest
    if kinds & {"int_type", "bool_type"} and isinstance(value, str):
        return _plain_hint(value.strip(), is_number="int_type" in kinds)
    return _better_name(complaints, value) if isinstance(value, str) else ""


def _plain_hint(value: str, *, is_number: bool) -> str:
    """A hint for text in the place of a number, or of true and false."""
    if value.isdecimal() if is_number else value in ("true", "false"):
        return f"write it without quotes: {value}"
    return "write it in digits" if is_number else "write true or false"


def _better_name(complaints: list[Complaint], name: str) -> str:
    """A hint with the nearest name that would do, where a DNS label is expected."""
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30]
    is_name = any(c.get("ctx", {}).get("pattern") in (_DNS_LABEL, _NAMESPACE) for c in complaints)
    return f"for example {better}" if is_name and better else ""


def _below(kind: Any, key: str | int) -> list[Any]:
    """The annotations of what is at a key of a value of this annotation."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _below(get_args(kind)[0], key)
    if origin in (Union, types.UnionType):
        return [below for member in get_args(kind) for below in _below(member, key)]
    if origin is tuple and isinstance(key, int):
        return [get_args(kind)[0]]
    if origin is dict:
        return [get_args(kind)[1]]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.annotation for name, field in kind.model_fields.items() if key == (field.alias or name)]
    return []


def _model_fields(kind: Any) -> list[str]:
    if get_origin(kind) is Annotated:
        return _model_fields(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return [name for member in get_args(kind) for name in _model_fields(member)]
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _short(text: str, width: int = 40) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= width else printable[: width - 1] + "…"
