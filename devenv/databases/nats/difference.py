"""What of the live streams differs from a kept state. Decides by what the server tells of them; reads no message.

A stream is a log: whatever is published raises its last sequence and its time, whatever is deleted lowers a count. So
equal configurations and states mean equal messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to be done to return to a state."""

    deleted: tuple[str, ...]
    """Streams that the state does not have."""
    restored: tuple[str, ...]
    """Streams that are missing, or differ in anything."""
    surplus: tuple[tuple[str, str], ...]
    """Stream and consumer: consumers too many on streams that are otherwise the same."""


def fingerprint(stream: Json, consumers: Mapping[str, Json]) -> Json:
    """What is compared of a stream and its consumers."""
    return {
        "config": _config(stream["config"]),
        "state": _state(stream["state"]),
        "consumers": {name: _position(consumer) for name, consumer in consumers.items()},
    }


def difference(live: Mapping[str, Json], kept: Mapping[str, Json]) -> Difference:
    """Compare fingerprints by name of stream."""
    restored: list[str] = []
    surplus: list[tuple[str, str]] = []
    for name, wanted in kept.items():
        found = live.get(name)
        extra = found["consumers"].keys() - wanted["consumers"].keys() if found else set()
        if found is None or wanted != {**found, "consumers": _without(found["consumers"], extra)}:
            restored.append(name)
        else:
            surplus += [(name, consumer) for consumer in sorted(extra)]
    deleted = tuple(sorted(live.keys() - kept.keys()))
    return Difference(deleted, tuple(restored), tuple(surplus))


def _state(state: Json) -> Json:
    """Without what belongs to consumers, and what an empty stream tells in more ways than one."""
    left_out = {"consumer_count", *(() if state["messages"] else ("first_seq", "first_ts"))}
    return {key: value for key, value in state.items() if key not in left_out}


def _without(consumers: Mapping[str, Json], names: set[str]) -> Json:
    return {name: consumer for name, consumer in consumers.items() if name not in names}


def _position(consumer: Json) -> Json:
    counts = ("num_ack_pending", "num_redelivered", "paused")
    return {
        "config": _config(consumer["config"]),
        **{key: _sequences(consumer[key]) for key in ("delivered", "ack_floor")},
        **{key: consumer[key] for key in counts if consumer.get(key)},
    }


def _sequences(position: Json) -> Json:
    return {key: position[key] for key in ("consumer_seq", "stream_seq")}


def _config(config: Json) -> Json:
    """Without what the server notes of itself, and what it leaves out or in as it likes."""
    noted = {key: value for key, value in config.get("metadata", {}).items() if not key.startswith("_nats.")}
    return {key: value for key, value in {**config, "metadata": noted}.items() if value not in (None, {}, [], False)}
