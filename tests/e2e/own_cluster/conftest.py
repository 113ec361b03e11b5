"""The environment in which products of the tests take each other's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.environment import PRODUCTS, Project, alone, state_of_its_own


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose place products of the tests take, one after the other: a cluster for each would be a minute more.

    They come up by `devenv up --adopt`.
    """
    made = Project(tmp_path_factory.mktemp("place"), state_of_its_own(tmp_path_factory))
    made.write_spec({"project": PRODUCTS, "stacks": [{"name": "namespaces"}]})
    with alone(made):
        yield made
