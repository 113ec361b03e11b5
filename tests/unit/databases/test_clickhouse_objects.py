"""Definitions moved between ClickHouse databases, and what it takes to turn one state into another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.databases.clickhouse.difference import Difference, difference
from devenv.databases.clickhouse.objects import Kind, Object, headed, moved
from devenv.databases.clickhouse.server import identifier, literal

EVENTS = Object("events", "MergeTree", "CREATE TABLE alt.events (`id` UInt64) ENGINE = MergeTree", Kind.PARTS, "1")
KINDS = Object("kinds", "View", "CREATE VIEW alt.kinds AS SELECT * FROM alt.events", Kind.BARE, "")
DAILY = Object("daily", "MaterializedView", "CREATE MATERIALIZED VIEW alt.daily …", Kind.VIEW, "5", ".inner_id.1")
LOG = Object("log", "Log", "CREATE TABLE alt.log (`id` UInt64) ENGINE = Log", Kind.ROWS, "")


def state(*objects: Object) -> dict[str, Object]:
    return {item.name: item for item in objects}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("CREATE VIEW a.v AS SELECT a.t.x FROM a.t", "CREATE VIEW b.v AS SELECT b.t.x FROM b.t"),
        ("SELECT t.a.x FROM a.t", "SELECT t.a.x FROM b.t"),
        ("SELECT a FROM `a`.t AS ab, ab.a", "SELECT a FROM b.t AS ab, ab.a"),
        ("DEFAULT dictGet('a.d', 's', id)", "DEFAULT dictGet('b.d', 's', id)"),
        ("ENGINE = Merge('a', '^t$')", "ENGINE = Merge('b', '^t$')"),
        ("COMMENT 'a table; a.'", "COMMENT 'a table; a.'"),
        ("COMMENT 'about a.t'", "COMMENT 'about a.t'"),
    ],
)
def test_references_to_a_database_are_turned_to_another(definition: str, expected: str) -> None:
    assert moved(definition, "a", "b") == expected


def test_a_target_that_is_no_plain_name_is_quoted() -> None:
    assert moved("SELECT * FROM a.t", "a", "b-c") == "SELECT * FROM `b-c`.t"


def test_a_definition_can_be_given_another_own_name_while_its_references_stay() -> None:
    definition = "CREATE TABLE alt.`odd name` (`s` String DEFAULT dictGet('alt.d', 's', id)) ENGINE = Merge('alt', 't')"
    expected = "CREATE TABLE `x`.`odd name` (`s` String DEFAULT dictGet('alt.d', 's', id)) ENGINE = Merge('alt', 't')"
    assert headed(definition, "x", "odd name") == expected


def test_equal_states_need_nothing() -> None:
    assert difference(state(EVENTS, KINDS, DAILY), state(EVENTS, KINDS, DAILY)) == Difference((), (), (), ())


def test_a_table_with_other_rows_or_columns_is_swapped() -> None:
    written = replace(EVENTS, fingerprint="2")
    altered = replace(EVENTS, definition="CREATE TABLE alt.events (`id` UInt64, `x` UInt8) ENGINE = MergeTree")
    for there in (written, altered):
        assert difference(state(there, KINDS), state(EVENTS, KINDS)) == Difference((EVENTS,), (), (), ())


def test_a_table_whose_rows_cannot_be_compared_is_always_swapped() -> None:
    assert difference(state(LOG), state(LOG)).swap == (LOG,)


def test_what_is_not_wanted_goes_views_before_tables() -> None:
    assert difference(state(EVENTS, KINDS, DAILY), {}).drop == (DAILY, KINDS, EVENTS)


def test_what_is_missing_is_made_tables_before_views() -> None:
    assert difference({}, state(DAILY, KINDS, EVENTS)).make == (EVENTS, KINDS, DAILY)


def test_a_view_of_another_definition_is_dropped_and_made() -> None:
    there = replace(KINDS, definition="CREATE VIEW alt.kinds AS SELECT 1")
    assert difference(state(EVENTS, there), state(EVENTS, KINDS)) == Difference((), (there,), (KINDS,), ())


def test_a_table_in_a_views_place_is_dropped() -> None:
    there = replace(LOG, name="kinds")
    found = difference(state(there), state(KINDS))
    assert (found.swap, found.drop, found.make) == ((), (there,), (KINDS,))


def test_the_rows_of_a_materialized_view_are_filled_in_again() -> None:
    there = replace(DAILY, fingerprint="6", inner=".inner_id.2")
    assert difference(state(there), state(DAILY)).refill == ((there, DAILY),)


def test_names_and_texts_are_quoted_whatever_they_hold() -> None:
    assert identifier("a`b\\") == "`a\\`b\\\\`"
    assert literal("it's \\") == "'it\\'s \\\\'"
