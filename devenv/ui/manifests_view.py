"""`devenv render` for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from devenv.workflows.render import RenderedStack

_WIDTH = 1 << 16
"""Long texts stay on their lines: a change of one word is a change of one line."""


def manifests_as_yaml(stacks: Iterable[RenderedStack]) -> str:
    """Documents that kubectl takes, each below the name of its stack."""
    return "".join(f"---\n# stack {stack.name}\n{_yaml(item)}" for stack in stacks for item in stack.objects)


def manifests_as_json(stacks: Iterable[RenderedStack]) -> str:
    """Stack to its objects."""
    return json.dumps({stack.name: stack.objects for stack in stacks}, indent=2, ensure_ascii=False)


def _yaml(item: object) -> str:
    return str(yaml.dump(item, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True))


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as people write them; an object that is there twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- the base class asks so
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
