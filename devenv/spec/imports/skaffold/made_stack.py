"""The stack that a part of a configuration comes to, or what is wrong with that part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from devenv.errors import Problem
from devenv.spec.read.wording import problems_of
from devenv.spec.stack import StackSpec
from devenv.spec.yaml.positions import Document


def stack_of(data: Mapping[str, Any], document: Document, prefix: str, problems: list[Problem]) -> StackSpec | None:
    """The stack; None where something in it is not what it should be, which `problems` takes.

    Args:
        data: what a `stack.yaml` would say; what is empty is left out.
        document: leads from there to where it is written.
        prefix: what `{namespace_prefix}` stands for.
        problems: takes what is wrong.
    """
    try:
        return StackSpec.model_validate({key: value for key, value in data.items() if value}).in_project(prefix)
    except ValidationError as error:
        problems.extend(problems_of(document, StackSpec, error))
        return None
