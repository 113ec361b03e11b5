"""What is printed to be pasted reaches the project's cluster, whatever the user's own kubectl points to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import devenv

_BARE_CALL = re.compile(r"(?:^|[\s:;`(])(?:kubectl|helm) (?:-|(?:get|describe|apply|delete|logs|exec|list|upgrade)\b)")
"""A call of a program of no certain place and cluster: `Kubectl.pasted` makes those that can be pasted."""


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module, without its docstrings."""
    tree = ast.parse(file.read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_no_text_calls_kubectl_or_helm_by_name_alone() -> None:
    top = Path(devenv.__file__).parent
    found = [
        f"{file.relative_to(top)}:{line}: {text}"
        for file in sorted(top.rglob("*.py"))
        for line, text in texts(file)
        if _BARE_CALL.search(text)
    ]
    assert found == []


def test_a_bare_call_is_seen() -> None:
    assert _BARE_CALL.search("look: kubectl get pods")
    assert _BARE_CALL.search("kubectl --kubeconfig ")
    assert not _BARE_CALL.search("run kubectl in the container")
