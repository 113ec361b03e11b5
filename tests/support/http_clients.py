"""HTTP to services of an environment, as a browser on this machine asks them."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from devenv.adapters.through_traefik import client

_SECONDS = 20


def answer(url: str, path: str, *, form: Mapping[str, str] | None = None) -> httpx2.Response:
    """What is answered below a URL; a form is posted."""
    with client(url) as asking:
        asked = asking.post(path, data=form, timeout=_SECONDS) if form else asking.get(path, timeout=_SECONDS)
        return asked.raise_for_status()
