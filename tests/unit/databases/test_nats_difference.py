"""What a reset of NATS has to touch."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.databases.nats.difference import Difference, difference, fingerprint

Json = dict[str, Any]
NOTHING = Difference((), (), ())


def stream(**changes: Any) -> Json:
    state = {"messages": 2, "bytes": 90, "first_seq": 1, "last_seq": 2, "last_ts": "2026-11-21T08:00:00Z"}
    return {"config": {"name": "events", "subjects": ["e.>"], "max_age": 0}, "state": {**state, **changes}}


def consumer(**changes: Any) -> Json:
    at = {"consumer_seq": 0, "stream_seq": 0}
    return {"config": {"durable_name": "workers"}, "delivered": at, "ack_floor": at, "num_pending": 2, **changes}


def printed(found: Json, **consumers: Json) -> dict[str, Json]:
    return {"events": fingerprint(found, consumers)}


KEPT = printed(stream(), workers=consumer())


def test_what_is_the_same_is_left_alone() -> None:
    assert difference(KEPT, KEPT) == NOTHING


def test_notes_of_the_server_and_times_of_activity_do_not_count() -> None:
    found = stream(consumer_count=1)
    found["config"]["metadata"] = {"_nats.ver": "2.15.2"}
    busy = consumer(
        num_pending=1, delivered={"consumer_seq": 0, "stream_seq": 0, "last_active": "2026-11-21T09:00:00Z"}
    )
    assert difference(printed(found, workers=busy), KEPT) == NOTHING


@pytest.mark.parametrize(
    "found",
    [
        printed(stream(last_seq=3, messages=3), workers=consumer()),
        printed(stream(last_ts="2026-11-21T08:00:01Z"), workers=consumer()),
        printed(stream(messages=1, num_deleted=1), workers=consumer()),
        printed({**stream(), "config": {"name": "events", "subjects": ["other"]}}, workers=consumer()),
        printed(stream(), workers=consumer(ack_floor={"consumer_seq": 1, "stream_seq": 1})),
        printed(stream()),
        {},
    ],
)
def test_a_stream_that_differs_in_anything_is_restored(found: dict[str, Json]) -> None:
    assert difference(found, KEPT) == Difference((), ("events",), ())


def test_other_streams_are_deleted_and_further_consumers_alone_too() -> None:
    live = {**printed(stream(), workers=consumer(), watcher=consumer()), "other": fingerprint(stream(), {})}
    assert difference(live, KEPT) == Difference(("other",), (), (("events", "watcher"),))
