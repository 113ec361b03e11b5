"""`set` of stack.yaml makes of values what `helm --set` makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.programs import require_tool

from devenv.adapters import process
from devenv.spec.helm.set_values import SetError, with_set

VALUES = {"image": {"repository": "a", "tag": "b"}, "list": [{"name": "x"}, "y"], "text": "t", "number": 1.5}
PAIRS = [
    ("image.tag", "1.2"),
    ("image.tag", "007"),
    ("image", "null"),
    ("new.deep.key", "true"),
    ("list[0].name", "z"),
    ("list[3]", "late"),
    ("list", "{a,1,null}"),
    ("list", "{}"),
    (r"a\.b.c", r"x\,y"),
    ("a", "1,b=2"),
    ("a[1][0].b", "-5"),
    ("a", "1.50"),
    ("a", "9223372036854775808"),
    ("a", "{x,y},b={z}"),
    ("a", ""),
    ("text", "0"),
    ("text.x", "1"),
    ("list.x", "1"),
    ("a[x]", "1"),
    ("a", "{x"),
    ("a[0]b", "1"),
]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that shows its values."""
    root = tmp_path_factory.mktemp("set") / "shown"
    (root / "templates").mkdir(parents=True)
    (root / "Chart.yaml").write_text("{apiVersion: v2, name: shown, version: 0.1.0}")
    (root / "templates" / "shown.yaml").write_text('{{ dict "shown" (toJson .Values) | toYaml }}\n')
    (root / "given.json").write_text(json.dumps(VALUES))
    return root


@pytest.mark.parametrize(("key", "text"), PAIRS)
def test_a_value_is_set_as_helm_sets_it(chart: Path, key: str, text: str) -> None:
    assert _ours(key, text) == _helms(chart, key, text)


def _ours(key: str, text: str) -> Any:
    try:
        return _without_nulls(with_set(VALUES, key, text))
    except SetError:
        return None


def _helms(chart: Path, key: str, text: str) -> Any:
    """What the chart is given; None where Helm refuses."""
    helm = str(require_tool("helm"))
    argv = [helm, "template", "x", str(chart), "--values", str(chart / "given.json"), "--set", f"{key}={text}"]
    done = process.run(argv, timeout=30, check=False, what="render")
    if done.status != 0:
        return None
    (shown,) = [document for document in yaml.safe_load_all(done.stdout) if document]
    return _without_nulls(json.loads(shown["shown"]))


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """A null takes away what is under it: it is no value, and charts are not given it."""
    return {key: value for key, value in values.items() if value is not None and key != "global"}
