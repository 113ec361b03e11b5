"""For maintainers: the checksums that the tools' projects publish, written into the catalogue.

`python -m devenv.workflows.pin_tools` after a change of a version in versions.yaml, in a checkout and where the
addresses can be reached. It prints what changed, for a review: whoever controls such a server controls the checksum
too, so that a second source is worth a look. What cannot be fetched is reported and left out, never guessed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from devenv.adapters.files.records import write_whole
from devenv.adapters.tools.download import fetch_text, published_checksum
from devenv.adapters.tools.toolchain import filled
from devenv.errors import DownloadError
from devenv.spec.catalogue import load_versions
from devenv.spec.load import VERSIONS_FILE
from devenv.spec.versions import ToolVersion

_PLATFORMS = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64")


def fetch_checksums(spec: ToolVersion) -> dict[str, str]:
    """The published SHA-256 of each platform's file; raises DownloadError when one of them cannot be had."""
    found = {}
    for platform in _PLATFORMS:
        origin = filled(spec.checksum, spec.version, platform)
        name = filled(spec.download, spec.version, platform).rpartition("/")[2]
        found[platform] = published_checksum(fetch_text(origin), name, origin=origin)
    return found


def with_checksums(text: str, tool: str, checksums: Mapping[str, str]) -> str:
    """The catalogue with a tool's checksums in place of its former ones; all else stays as it is."""
    block = "    sha256:\n" + "".join(f"      {name}: {digest}\n" for name, digest in sorted(checksums.items()))
    place = re.compile(
        rf"(^  {re.escape(tool)}:\n(?:    .*\n)*?    checksum: .*\n)(?:    sha256:\n(?:      .*\n)*)?", re.MULTILINE
    )
    return place.sub(lambda found: found[1] + block, text, count=1)


def pin_tools(file: Path = VERSIONS_FILE) -> bool:
    """Pin every tool of the catalogue and say what changed; whether all checksums could be had."""
    text, whole = file.read_text(encoding="utf-8"), True
    for tool, spec in load_versions(file).tools.items():
        try:
            checksums = fetch_checksums(spec)
        except DownloadError as error:
            print(f"{tool} {spec.version}: left as it is: {error.message}")  # noqa: T201 -- its output is its report
            whole = False
            continue
        text = with_checksums(text, tool, checksums)
        for name, digest in checksums.items():
            former = spec.sha256.get(name)
            state = "unchanged" if former == digest else f"was {former}" if former else "new"
            print(f"{tool} {spec.version} {name}: {digest} ({state})")  # noqa: T201 -- its output is its report
    write_whole(file, text)
    return whole


if __name__ == "__main__":
    sys.exit(not pin_tools())
