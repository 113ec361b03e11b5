"""One act of the engine on several things at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from devenv.adapters.docker.connection import translate_errors
from devenv.errors import ClusterError

AT_ONCE = 8


def each(names: Iterable[str], act: Callable[[str], object], what: str) -> None:
    """Act on every name at once; the first error is raised after all have been tried."""

    def one(name: str) -> None:
        with translate_errors(what.format(name), ClusterError):
            act(name)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(one, name) for name in names]:
            done.result()
