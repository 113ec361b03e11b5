"""kind on the real engine, as far as it takes no cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.programs import require_tool

from devenv.adapters.kind import Kind

pytestmark = pytest.mark.engine


def test_a_kind_that_was_killed_keeps_no_later_one_from_the_kubeconfig(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.with_suffix(".lock").touch()

    Kind(require_tool("kind")).delete("devenv-test-no-such-cluster", kubeconfig)

    assert not list(tmp_path.glob("*.lock"))
