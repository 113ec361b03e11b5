"""The reference of findings, `docs/doctor.md`, made from the checks themselves.

Responsible for that page only:

    python -m devenv.ui.doctor_reference > docs/doctor.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from devenv.runtime.doctor.catalogue import MACHINE, RUNNING
from devenv.runtime.doctor.check import Check
from devenv.runtime.doctor.examine import NO_ANSWER
from devenv.runtime.doctor.finding import Kind, Severity
from devenv.ui.status_schema import meanings

_HEAD = """\
# What the doctor finds

<!-- Made from devenv/runtime/doctor: python -m devenv.ui.doctor_reference > docs/doctor.md -->

`devenv doctor` looks at the machine, its container engine and, in a project's folder, at the project and its cluster,
and tells what will go wrong before it does. Nothing is changed, and nothing leaves the machine but questions to
registries, those only where images have to be fetched (or with `--network`). `devenv up` takes the looks marked with ▸
itself before it makes a cluster, and warns.

```console
$ devenv doctor            # exit status 0: no error was found; 1: one was
$ devenv doctor --json     # described by docs/schema/doctor.schema.json
$ devenv doctor --fix      # names what it will do and how to undo it, and asks (--yes does not)
```

`--fix` does only what one command takes back, and only what this user may do: limits of the kernel and a line in
/etc/hosts take root. All else is told as a command for you to run. IDs are never changed.

| severity | meaning |
| --- | --- |
"""


def page() -> str:
    severities = [f"| {severity} | {meaning} |" for severity, meaning in meanings(Severity).items()]
    sections = [part for parts in (MACHINE, RUNNING) for title, check in parts for part in _section(title, check)]
    return "\n".join([_HEAD + "\n".join(severities), "", *sections, *_kind(NO_ANSWER)]).rstrip() + "\n"


def _section(title: str, check: Check[Any]) -> Iterator[str]:
    yield f"## {title}{' ▸' if check.before_up else ''}"
    yield ""
    for kind in check.kinds:
        yield from _kind(kind)


def _kind(kind: Kind) -> Iterator[str]:
    yield from (f"### {kind.id}", "", f"{kind.title} ({kind.severity}): {kind.consequence}.", "", kind.about, "")


if __name__ == "__main__":
    sys.stdout.write(page())
