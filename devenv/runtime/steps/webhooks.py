"""Admission webhooks that cannot be called for a moment.

When the pods of a webhook are replaced, nodes route to the former ones for up to some seconds. What the API server was
asked to admit meanwhile is refused for a reason that passes; neither it nor the nodes tell when it has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from devenv.errors import CommandFailedError

_UNCALLED = "failed to call webhook"
"""What the API server says of a webhook that it did not reach: ErrCallingWebhook in Kubernetes'
staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook. One that refuses an object is reported in other words."""
_SECONDS = 30.0
_RETRY_SECONDS = 1.0


def until_webhooks_answer(
    act: Callable[[], None],
    *,
    cancel: threading.Event,
    progress: Callable[[str], None],
    every: float = _RETRY_SECONDS,
    timeout: float = _SECONDS,
) -> None:
    """Do something again while it fails since a webhook could not be called.

    Args:
        act: what is done; may be done twice.
        cancel: ends the waiting.
        progress: told that it is tried again.
        every: seconds between two tries.
        timeout: seconds after which it is not tried again.

    Raises:
        CommandFailedError: it failed for another reason, or still does.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            return act()
        except CommandFailedError as error:
            if _UNCALLED not in error.output or time.monotonic() > end or cancel.wait(every):
                raise
            progress("a webhook could not be called; trying again")
