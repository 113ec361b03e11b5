"""A project with PostgreSQL alone: the smallest whose tests can have databases, and the quickest that comes up."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root

_LOGIN = """
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
stringData: {username: alt, password: a-password-of-the-tests}
"""


def write_small_project(root: Path, name: str, *, seed: str = "") -> None:
    """The stack `postgres` as it comes with devenv, but for its login, which no other stack has to bring.

    With `seed`, statements that are applied after its migrations.
    """
    built_in = data_root() / "stacks" / "02-infrastructure" / "postgres"
    folder = root / "stacks" / "02-infrastructure" / "postgres"
    for part in ("migrations", "values"):
        shutil.copytree(built_in / part, folder / part)
    shutil.copytree(data_root() / "stacks" / "charts" / "postgres", folder / "chart")
    (folder / "chart" / "templates" / "credentials.yaml").write_text(_LOGIN)
    spec = yaml.safe_load((built_in / "stack.yaml").read_text())
    own = {
        **{key: value for key, value in spec.items() if key not in ("needs", "alongside", "hooks")},
        "sources": [{"chart": {"path": "chart"}}],
        "ready": [check for check in spec["ready"] if "exec" in check],
    }
    if seed:
        (folder / "seeds").mkdir()
        (folder / "seeds" / "001_all.sql").write_text(seed)
        own["database"] = {**own["database"], "seeds": "seeds"}
    _dump(folder / "stack.yaml", own)
    _dump(root / "devenv.yaml", {"project": name, "stacks": [{"name": "postgres"}], "stack_paths": ["stacks"]})


def _dump(file: Path, content: object) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False))
