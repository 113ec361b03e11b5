"""How long `devenv validate --all` takes: 60 stacks with base, overlays and a component, in three profiles.

Prints the seconds of each round and its processor time, which a busy machine changes less; with --alone also those of
`kubectl kustomize` for the same overlays, one after the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from support.overlay_project import PROFILES, write_overlay_project  # noqa: E402 -- found by the line above
from support.programs import require_tool  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--overlays", type=int, default=60, help="stacks, each with an overlay per profile")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="kubectl kustomize as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = tuple(f"app-{number}" for number in range(given.overlays))
        project = write_overlay_project(Path(folder), names, chart="")
        seconds = [_validated(project) for _ in range(given.rounds)]
        used = _processor_seconds() / given.rounds
        alone = _kustomized(project, names) if given.alone else None
    shown = ", ".join(f"{each:.1f}" for each in seconds)
    print(f"devenv validate --all, {len(names)} overlays x {len(PROFILES)} profiles: {shown} s")
    print(f"median {statistics.median(seconds):.1f} s, {used:.1f} s of processor time each")
    if alone is not None:
        print(f"kubectl kustomize one by one, nothing checked: {alone:.1f} s")


def _processor_seconds() -> float:
    """Of all programs that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _validated(project: Path) -> float:
    begin = time.monotonic()
    command = [sys.executable, "-m", "devenv", "-C", str(project), "validate", "--all", "--strict"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the tree should be clean:\n{done.stdout}{done.stderr}")
    return time.monotonic() - begin


def _kustomized(project: Path, names: tuple[str, ...]) -> float:
    kubectl, begin = require_tool("kubectl"), time.monotonic()
    for name in names:
        for profile in PROFILES:
            overlay = project / "stacks/04-apps" / name / "overlays" / profile
            subprocess.run([str(kubectl), "kustomize", str(overlay)], check=True, capture_output=True)
    return time.monotonic() - begin


if __name__ == "__main__":
    main()
