"""The JSON Schema of `devenv status --json`, with every word for a state explained.

Responsible for describing what `status_view` prints. What the words mean is written at the enums themselves, and
taken from there.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import Any

from devenv.plan.cluster_state import ClusterState
from devenv.spec.schema import DIALECT, schema_file

NAME = "status"
_TEXT = {"type": "string"}
_YES_OR_NO = {"type": "boolean"}
_REASON = {**_TEXT, "description": "Why it is so, for people; empty when there is nothing to say."}


def status_schema(stack_state: type[StrEnum], task_state: type[StrEnum]) -> dict[str, Any]:
    """The schema, with the enums of what stacks and tasks can be. New keys may come, so others are allowed."""
    return {
        "$schema": DIALECT,
        "title": "What devenv status --json prints",
        "$defs": {
            "ClusterState": _words(ClusterState),
            "StackState": _words(stack_state),
            "TaskState": _words(task_state),
            "Node": _node(),
            "Stack": _stack(),
            "Task": _task(),
            "Endpoint": _endpoint(),
            "Credential": _credential(),
        },
        **_object(
            "The environment of one project.",
            project={**_TEXT, "description": "Name of the project."},
            ready={**_YES_OR_NO, "description": "Whether the cluster runs and every stack is ready."},
            cluster=_object(
                "The project's cluster.",
                name={**_TEXT, "description": "Name of the kind cluster."},
                state=_reference("ClusterState"),
                reason=_REASON,
                nodes=_list("Node"),
            ),
            stacks={**_list("Stack"), "description": "The chosen stacks and what they need, each after its needs."},
            endpoints={**_list("Endpoint"), "description": "Addresses of what is installed."},
            credentials={**_list("Credential"), "description": "Credentials of what is installed."},
            tasks={**_list("Task"), "description": "Tasks of devenv.yaml, as they are on this machine."},
            alerts={
                "type": ["integer", "null"],
                "description": "How many alerts fire; null where no Alertmanager tells.",
            },
            notes={
                "type": "array",
                "items": _TEXT,
                "description": "What stands in the way of using the endpoints from this machine, and what helps.",
            },
        ),
    }


def status_schema_text(stack_state: type[StrEnum], task_state: type[StrEnum]) -> str:
    """The schema as it is written to its file."""
    return json.dumps(status_schema(stack_state, task_state), indent=2, ensure_ascii=False) + "\n"


def write_status_schema(folder: Path, stack_state: type[StrEnum], task_state: type[StrEnum]) -> Path:
    """Write the schema to an existing folder; returns its path.

    Raises:
        OSError: the folder cannot be written.
    """
    file = schema_file(folder, NAME)
    file.write_text(status_schema_text(stack_state, task_state), encoding="utf-8")
    return file


def meanings(states: type[StrEnum]) -> dict[str, str]:
    """The words of an enum with what is written below each of its members."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(states))).body
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(f"{states} is no class")
    found: dict[str, str] = {}
    for member, text in zip(definition.body, definition.body[1:], strict=False):
        match member, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(meaning))):
                found[states[name].value] = inspect.cleandoc(meaning)
    return found


def _words(states: type[StrEnum]) -> dict[str, Any]:
    explained = meanings(states)
    return {
        **_TEXT,
        "description": inspect.getdoc(states),
        "enum": [state.value for state in states],
        "oneOf": [{"const": state.value, "description": explained[state.value]} for state in states],
    }


def _node() -> dict[str, Any]:
    return _object(
        "A node of the cluster.",
        name={**_TEXT, "description": "Name of the node and of its container."},
        role={**_TEXT, "description": "`control-plane` or `worker`."},
        running={**_YES_OR_NO, "description": "Whether its container runs."},
        ready={**_YES_OR_NO, "description": "Whether Kubernetes calls it ready."},
        reason=_REASON,
    )


def _stack() -> dict[str, Any]:
    return _object(
        "A stack of the project.",
        name={**_TEXT, "description": "Name of the stack."},
        layer={**_TEXT, "description": "Layer of the stack, such as `02-infrastructure`."},
        namespace={**_TEXT, "description": "Namespace that it is installed in."},
        version={**_TEXT, "description": "Version that its specification names."},
        state=_reference("StackState"),
        ready={
            **_YES_OR_NO,
            "description": "Whether it can be used: its state is `ready`, `synced`, `debugged` or `intercepted`.",
        },
        reason=_REASON,
    )


def _task() -> dict[str, Any]:
    return _object(
        "A task of devenv.yaml.",
        name={**_TEXT, "description": "Name of the task."},
        state=_reference("TaskState"),
        at={**_TEXT, "description": "Since when it is so, ISO 8601; empty where it never ran."},
        url={**_TEXT, "description": "Where what it serves answers; empty where it does not say."},
        reason=_REASON,
    )


def _endpoint() -> dict[str, Any]:
    return _object(
        "An address that people and programs on this machine can use.",
        name={**_TEXT, "description": "Name of the endpoint."},
        stack={**_TEXT, "description": "Stack that answers there."},
        url={**_TEXT, "format": "uri", "description": "The address."},
    )


def _credential() -> dict[str, Any]:
    return _object(
        "Credentials of a stack.",
        name={**_TEXT, "description": "Name of the credentials."},
        stack={**_TEXT, "description": "Stack that they are for."},
        values={
            "type": "object",
            "description": "Key to value; values are asterisks unless --credentials was given.",
            "additionalProperties": _TEXT,
        },
    )


def _object(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties, "required": list(properties)}


def _list(definition: str) -> dict[str, Any]:
    return {"type": "array", "items": _reference(definition)}


def _reference(definition: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{definition}"}
