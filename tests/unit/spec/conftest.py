"""Projects that several files of tests read."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.services import EVERYTHING, load

from devenv.spec.workspace import Workspace


@pytest.fixture
def everything(tmp_path: Path) -> Workspace:
    """All that services and databases of devenv.yaml may say, loaded."""
    return load(tmp_path, EVERYTHING)
