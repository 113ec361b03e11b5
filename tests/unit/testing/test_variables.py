"""Which variables a command gets."""

from __future__ import annotations

import pytest

from devenv.errors import UsageError
from devenv.spec.stack import DatabaseEngine
from devenv.testing.environment import preferred
from devenv.testing.variables import main_database, over
from devenv.workflows.variables import url_variable


@pytest.mark.parametrize(
    ("stacks", "wanted", "found"),
    [
        ({"auth-postgres": "postgres", "redis": "redis"}, "", "auth-postgres"),
        ({"auth-postgres": "postgres", "postgres": "postgres", "mysql": "mysql"}, "", "postgres"),
        ({"auth-postgres": "postgres", "mysql": "mysql"}, "", "mysql"),
        ({"auth-postgres": "postgres", "kratos-postgres": "postgres"}, "", ""),
        ({"auth-postgres": "postgres", "kratos-postgres": "postgres"}, "kratos-postgres", "kratos-postgres"),
        ({"redis": "redis"}, "", ""),
    ],
)
def test_the_usual_database_is_the_only_one_or_called_like_its_engine(
    stacks: dict[str, DatabaseEngine], wanted: str, found: str
) -> None:
    assert main_database(stacks, wanted) == found


def test_a_database_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="no database postgress can be had") as told:
        main_database({"postgres": "postgres"}, "postgress")
    assert told.value.hint == "did you mean postgres?"


def test_a_stack_names_its_variable() -> None:
    assert url_variable("auth-postgres") == "AUTH_POSTGRES_URL"


def test_nothing_of_another_aws_account_is_left() -> None:
    found = over({"PATH": "/bin", "AWS_PROFILE": "production"}, {"AWS_ACCESS_KEY_ID": "700000000000"})
    assert found == {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "700000000000"}


def test_without_a_name_an_engine_has_its_only_one_or_the_one_of_its_name() -> None:
    assert preferred("postgres", ["auth-postgres"]) == "auth-postgres"
    assert preferred("postgres", ["auth-postgres", "postgres"]) == "postgres"
