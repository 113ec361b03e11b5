"""One measured load, in a process of its own: `python benchmarks/load_once.py [OPTION…] 'IMAGE…' 'NODE…'`.

Prints JSON: seconds of the load without the interpreter's start, for how many seconds the machine's cores were busy
meanwhile, what was sent and how, and by how much the process grew at its peak. Several images are loaded side by side,
as `devenv up` does. With `--waiting` programs wait in the nodes, as `devenv dev` has them. `--after` names an image
that is loaded before, unmeasured: what is found out once in a run is known then.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from machine import busy_seconds

from devenv.adapters.docker import Engine
from devenv.images.load.loader import LoadReport, load
from devenv.images.load.session import LoadSession

AT_ONCE = 4
BUILD_SECONDS = 1.0
"""What comes before a load in a round of `devenv dev`, at the least."""


def main() -> None:
    """Load and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", action="store_true")
    parser.add_argument("--after")
    parser.add_argument("images", type=str.split)
    parser.add_argument("nodes", type=str.split)
    wanted = parser.parse_args()
    images, nodes = wanted.images, wanted.nodes
    engine, session = Engine.connect(), LoadSession()

    def one(image: str) -> LoadReport:
        return load(engine, image, nodes, session=session)

    with ExitStack() as stack:
        make_ready = None
        if wanted.waiting:
            make_ready = stack.enter_context(session.kept_waiting(engine, nodes, None))
        if wanted.after:
            one(wanted.after)
        if make_ready:
            make_ready()
            threading.Event().wait(BUILD_SECONDS)
        before = _memory("VmRSS")
        began, busy = time.monotonic(), busy_seconds()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            reports = list(pool.map(one, images))
        seconds, busy = time.monotonic() - began, busy_seconds() - busy
    ways = sorted({str(report.transport) for report in reports})
    sent = sum(report.sent_bytes for report in reports)
    grown = _memory("VmHWM") - before
    reported = {"seconds": seconds, "busy_seconds": busy, "sent_bytes": sent, "ways": ways, "grown_bytes": grown}
    print(json.dumps(reported))
    engine.close()


def _memory(field: str) -> int:
    """Bytes of memory of this process."""
    match = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if match is None:
        raise AssertionError(f"the kernel says no {field}")
    return int(match[1]) * 1024


if __name__ == "__main__":
    main()
