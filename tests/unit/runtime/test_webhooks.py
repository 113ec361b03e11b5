"""What fails since a webhook cannot be called is tried again, and nothing else is."""

from __future__ import annotations

import threading

import pytest

from devenv.errors import CommandFailedError
from devenv.runtime.steps.webhooks import until_webhooks_answer

UNCALLED = (
    "Error: server-side apply failed for object /store: Internal error occurred: failed calling webhook "
    '"validate.example.org": failed to call webhook: Post "https://webhook.svc:443/validate?timeout=5s": dial tcp '
    "10.96.0.7:443: connect: connection refused"
)
REFUSED = 'Error: admission webhook "validate.example.org" denied the request: no such store'


class Act:
    """Fails as often as there are outputs."""

    def __init__(self, *outputs: str) -> None:
        self.outputs = list(outputs)
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        if self.outputs:
            raise CommandFailedError("helm upgrade", argv=["helm"], status=1, output=self.outputs.pop(0))


def test_a_webhook_that_answers_later_fails_nothing() -> None:
    act, reported = Act(UNCALLED, UNCALLED), list[str]()
    until_webhooks_answer(act, cancel=threading.Event(), progress=reported.append, every=0)
    assert (act.times, len(reported)) == (3, 2)


@pytest.mark.parametrize(("outputs", "timeout", "times"), [((REFUSED, ""), 60, 1), ((UNCALLED, REFUSED), 60, 2)])
def test_what_a_webhook_refuses_is_not_tried_again(outputs: tuple[str, ...], timeout: float, times: int) -> None:
    act = Act(*outputs)
    with pytest.raises(CommandFailedError):
        until_webhooks_answer(act, cancel=threading.Event(), progress=print, every=0, timeout=timeout)
    assert act.times == times


def test_it_is_given_up_in_the_end_and_when_the_run_is_stopped() -> None:
    stopped = threading.Event()
    stopped.set()
    for cancel, timeout in ((threading.Event(), -1.0), (stopped, 60.0)):
        act = Act(UNCALLED, UNCALLED)
        with pytest.raises(CommandFailedError):
            until_webhooks_answer(act, cancel=cancel, progress=print, every=0, timeout=timeout)
        assert act.times == 1
