"""What has to be known of each engine."""

from __future__ import annotations

from typing import get_args

from devenv.databases.facts import SHELLS
from devenv.spec.database_engines import ADDRESSES
from devenv.spec.stack import DatabaseEngine


def test_every_engine_of_a_specification_is_known() -> None:
    assert set(SHELLS) == set(ADDRESSES) == set(get_args(DatabaseEngine))
