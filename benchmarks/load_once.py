"""One measured load, in a process of its own: `python benchmarks/load_once.py 'IMAGE…' 'NODE…'`.

Prints JSON: seconds of the load without the interpreter's start, what was sent and how, and by how much the process
grew at its peak. Several images are loaded side by side, as `devenv up` does.
"""

from __future__ import annotations

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.images.loader import LoadReport, load

AT_ONCE = 4


def main() -> None:
    """Load and print."""
    images, nodes = sys.argv[1].split(), sys.argv[2].split()
    engine = Engine.connect()

    def one(image: str) -> LoadReport:
        return load(engine, image, nodes)

    before = _memory("VmRSS")
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reports = list(pool.map(one, images))
    seconds = time.monotonic() - began
    ways = sorted({str(report.way) for report in reports})
    sent = sum(report.sent_bytes for report in reports)
    grown = _memory("VmHWM") - before
    print(json.dumps({"seconds": seconds, "sent_bytes": sent, "ways": ways, "grown_bytes": grown}))
    engine.close()


def _memory(field: str) -> int:
    """Bytes of memory of this process."""
    match = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if match is None:
        raise AssertionError(f"the kernel tells no {field}")
    return int(match[1]) * 1024


if __name__ == "__main__":
    main()
