"""Receivers in several nodes, with a script in the place of `docker exec`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.nodes import unreachable_engine
from support.programs import Script

from devenv.errors import ClusterError
from devenv.images.sync.message import Answer, SyncParcel
from devenv.images.sync.receiver import Receivers

NODE = """
shift 2
node=$1
[ "$node" != gone ] || { echo "Error: No such container: gone" >&2; exit 1; }
echo "$node" >> "$STARTED"
while read -r _ containers _; do
  for _ in $(seq "$containers"); do read -r id; echo "done $id"; echo "$node $id" >> "$SERVED"; done
  echo over
done
"""


@pytest.fixture
def notes(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which nodes note that they were started, and whom they have served."""
    script("docker", NODE)
    for name in ("started", "served"):
        monkeypatch.setenv(name.upper(), str(tmp_path / name))
    return tmp_path


def test_each_node_is_sent_its_own_containers_by_the_program_that_waits_there(notes: Path) -> None:
    receivers = Receivers(unreachable_engine(), threading.Event())
    try:
        receivers.keep(["one", "two"])
        for _ in range(2):
            answers = receivers.sync(SyncParcel(), {"a": "one", "b": "two", "c": "one"})
            assert sorted(answers, key=lambda answer: answer.container) == [Answer("done", id_) for id_ in "abc"]
    finally:
        receivers.close()
    assert sorted((notes / "started").read_text().split()) == ["one", "two"]
    assert set((notes / "served").read_text().splitlines()) == {"one a", "one c", "two b"}


def test_a_node_that_is_gone_is_told_and_the_others_get_theirs(notes: Path) -> None:
    receivers = Receivers(unreachable_engine(), threading.Event())
    try:
        with pytest.raises(ClusterError, match="node gone cannot sync") as caught:
            receivers.sync(SyncParcel(), {"a": "one", "b": "gone"})
        assert "No such container" in caught.value.context["cause"]
        assert receivers.sync(SyncParcel(), {"a": "one"}) == [Answer("done", "a")]
    finally:
        receivers.close()
    assert (notes / "served").read_text().splitlines() == ["one a", "one a"]
