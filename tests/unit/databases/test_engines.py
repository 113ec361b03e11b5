"""What has to be known of each engine."""

from __future__ import annotations

from typing import get_args

from devenv.databases.facts import FACTS
from devenv.spec.stack import DatabaseEngine


def test_every_engine_of_a_specification_is_known() -> None:
    assert set(FACTS) == set(get_args(DatabaseEngine))
