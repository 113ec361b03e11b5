"""Writes the dashboards of the stack `grafana` anew, of those of the stack `dashboards`: `python -m devenv.grafana`."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.grafana.convert import converted

_STACKS = data_root() / "stacks" / "03-observability"
SOURCES = _STACKS / "dashboards" / "chart" / "dashboards"
MADE = _STACKS / "grafana" / "chart" / "made"
"""Not `dashboards`, which is the folder of what is Perses's."""


def texts() -> dict[Path, str]:
    """What each file of MADE has to hold."""
    return {
        MADE / file.name: json.dumps(converted(json.loads(file.read_text(encoding="utf-8"))), indent=2) + "\n"
        for file in sorted(SOURCES.glob("*.json"))
    }


def main() -> None:
    """Write them, and remove those whose source is gone."""
    MADE.mkdir(parents=True, exist_ok=True)
    made = texts()
    for file in MADE.glob("*.json"):
        if file not in made:
            file.unlink()
    for file, text in made.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
