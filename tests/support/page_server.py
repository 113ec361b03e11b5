"""The start page of values on a port of this machine, for a real browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from devenv.spec.project import LOOPBACK
from support.page_values import PROJECT, ValuesPage


@contextmanager
def served(page: ValuesPage) -> Iterator[str]:
    """Its address, without the token."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = int(listening.getsockname()[1])
        config = uvicorn.Config(page.app(port), log_level="warning", access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="page of values")
        thread.start()
        try:
            yield f"http://{PROJECT}.localhost:{port}/"
        finally:
            server.should_exit = True
            page.board.close()
            thread.join()
