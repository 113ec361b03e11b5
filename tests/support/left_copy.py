"""Makes a copy of a service in the project of a folder, says so, and lives until it is killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from devenv.workflows.service_copy import service_copy

if __name__ == "__main__":
    with service_copy(Path(sys.argv[1]), "alt-backend") as made:
        sys.stdout.write(f"{made.pod}\n")
        sys.stdout.flush()
        signal.pause()
