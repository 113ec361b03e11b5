"""The stream that feeds the sinks, and the masking of secrets on the way."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import CommandFailedError, DevenvError
from devenv.events import MASK, Event, Noted, StepFailed, StepOutput, StepProgressed, StepStarted, StepSucceeded
from devenv.ui.run.redaction import Secrets
from devenv.ui.run.stream import EventStream, Sink


class Collector:
    def __init__(self, *, fails_at: int | None = None, fails_to_close: bool = False) -> None:
        self.events: list[Event] = []
        self.threads: set[int] = set()
        self.closed = 0
        self._fails_at = fails_at
        self._fails_to_close = fails_to_close

    def handle(self, event: Event) -> None:
        self.threads.add(threading.get_ident())
        if len(self.events) == self._fails_at:
            raise OSError("no room left")
        self.events.append(event)

    def close(self) -> None:
        self.closed += 1
        if self._fails_to_close:
            raise ValueError("cannot close")


def test_events_of_many_threads_reach_every_sink_in_one_thread() -> None:
    sinks = [Collector(), Collector()]
    with EventStream(sinks) as stream:

        def report_as(name: str) -> None:
            for at in range(100):
                stream.emit(StepStarted(name, float(at)))

        threads = [threading.Thread(target=report_as, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sinks[0].events == sinks[1].events
    assert len(sinks[0].events) == 400
    assert all(len(sink.threads) == 1 and sink.closed == 1 for sink in sinks)
    of_one = [e.at for e in sinks[0].events if isinstance(e, StepStarted) and e.key == "t2"]
    assert of_one == sorted(of_one)


def report(sinks: Sequence[Sink], amount: int, then: Exception | None = None) -> None:
    with EventStream(sinks) as stream:
        for number in range(amount):
            stream.emit(Noted(str(number)))
        if then is not None:
            raise then


def test_a_sink_that_fails_does_not_stop_the_others_and_is_told_at_the_end() -> None:
    broken, sound = Collector(fails_at=1), Collector()
    with pytest.raises(OSError, match="no room left"):
        report([broken, sound], 5)
    assert (len(broken.events), broken.closed) == (1, 1)
    assert (len(sound.events), sound.closed) == (5, 1)


def test_several_failures_are_told_together() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        report([Collector(fails_at=0), Collector(fails_to_close=True)], 1)
    assert [type(e) for e in caught.value.exceptions] == [OSError, ValueError]


def test_a_failure_of_a_sink_does_not_hide_the_error_of_the_run() -> None:
    with pytest.raises(DevenvError, match="the run failed") as caught:
        report([Collector(fails_at=0)], 1, then=DevenvError("the run failed"))
    assert caught.value.__notes__ == ["an output of this run failed: OSError: no room left"]


@given(st.text(min_size=4), st.text(), st.text())
def test_a_secret_is_masked_wherever_it_stands(secret: str, before: str, after: str) -> None:
    secrets = Secrets()
    secrets.add(secret)
    text = f"{before}{secret}{after}"
    masked = secrets.mask(text)
    assert MASK in masked
    if [at for at in range(len(text)) if text.startswith(secret, at)] == [len(before)]:
        assert masked == secrets.mask(before) + MASK + secrets.mask(after)


def test_secrets_are_masked_in_all_that_events_say() -> None:
    secrets = Secrets()
    password = 'p4ss"word'  # noqa: S105 -- what is to be masked
    secrets.add(password, "abc")
    encoded = base64.b64encode(password.encode()).decode()
    error = CommandFailedError(f"login {password}", argv=["psql", password], status=1, output=f"got {encoded}")
    collector = Collector()
    with EventStream([collector], secrets=secrets) as stream:
        stream.emit(StepOutput("a", json.dumps({"password": password})))
        stream.emit(StepProgressed("a", f"with {password}"))
        stream.emit(StepSucceeded("a", 0, 0, f"abc {encoded}"))
        stream.emit(Noted(password, hint=f"echo {password}"))
        stream.emit(StepFailed("a", 0, 0, error))

    *reported, failed = collector.events
    assert reported == [
        StepOutput("a", '{"password": "*****"}'),
        StepProgressed("a", "with *****"),
        StepSucceeded("a", 0, 0, "abc *****"),
        Noted("*****", hint="echo *****"),
    ]
    assert isinstance(failed, StepFailed)
    assert isinstance(failed.error, CommandFailedError)
    assert failed.error.as_dict() == {
        "code": "command-failed",
        "message": "login *****",
        "context": {"command": "psql *****", "exit status": "1", "last lines": "got *****"},
        "hint": "",
    }
    assert error.message == f"login {password}"


def test_a_secret_of_several_lines_is_masked_line_by_line_and_the_longest_wins() -> None:
    secrets = Secrets()
    secrets.add("-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----", "hunter2", "hunter2hunter2")
    assert secrets.mask("MIIEvQIBADANBg") == MASK
    assert secrets.mask("hunter2hunter2 hunter2") == f"{MASK} {MASK}"
