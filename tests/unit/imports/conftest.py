"""What the tests of imports share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.skaffold import CHART, load

from devenv.spec.workspace import Workspace


@pytest.fixture
def repository(tmp_path: Path) -> Any:
    """Writes files below a folder that has a devenv.yaml, and loads it."""

    def write(
        files: dict[str, str], imports: str = "{skaffold: skaffold.yaml}", profile: str | None = None
    ) -> Workspace:
        texts = {"devenv.yaml": f"project: shop\nimports: {imports}\n", **files}
        texts |= {f"chart/{name}": text for name, text in CHART.items() if f"chart/{name}" not in texts}
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return load(tmp_path, profile)

    return write
