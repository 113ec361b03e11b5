"""What every engine promises of live data that devenv's mark is missing of, held by the tests of each."""

from __future__ import annotations

from collections.abc import Callable


def assert_only_what_is_nobodys_gives_way(
    prepare: Callable[[], bool], content: Callable[[], object], lose: Callable[[], object], use: Callable[[], object]
) -> None:
    """From the seeded state on.

    Args:
        prepare: has migrations run and the database prepared, as `up` does.
        content: of the live database.
        lose: takes the mark away, be it with data.
        use: puts data of a user's there.
    """
    seeded = content()
    lose()
    assert not prepare()
    assert content() == seeded
    lose()
    use()
    used = content()
    assert used != seeded
    assert prepare(), "it did not tell that it left the data as it is"
    assert content() == used
    assert not prepare()
    assert content() == used
