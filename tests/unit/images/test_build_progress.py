from __future__ import annotations

import pytest

from devenv.images.build.progress import BuildProgress

FAILED = """\
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 96B done
#1 DONE 0.0s
#4 [build 1/3] FROM localhost/devenv/golang:1
#4 DONE 0.0s
#5 [build 2/3] COPY . ./
#5 CACHED
#6 [build 3/3] RUN --mount=type=cache,target=/c --mount=type=secret,id=ca set -eu && export A=1 && go build .
#6 0.211 main.go:3: undefined: x
#6 0.300
#6 ERROR: executor failed running [/bin/sh -c go build .]: exit code: 1
------
 > [build 3/3] RUN go build .:
#6 0.211 main.go:3: undefined: x
------
Dockerfile:4
error: failed to solve
"""


def test_messages_name_the_place_and_the_command() -> None:
    progress = BuildProgress()
    messages = [message for line in FAILED.splitlines() if (message := progress.feed(line))]
    assert messages == [
        "[build 1/3] FROM localhost/devenv/golang:1",
        "[build 2/3] COPY . ./",
        "[build 3/3] go build .",
    ]


def test_the_failing_step_is_told_with_its_own_lines() -> None:
    progress = BuildProgress()
    for line in FAILED.splitlines():
        progress.feed(line)
    step, lines = progress.failure()
    assert step.startswith("[build 3/3] RUN")
    assert lines[0] == "main.go:3: undefined: x"
    assert "exit code: 1" in "".join(lines)


def test_without_a_failing_step_the_last_lines_are_told() -> None:
    progress = BuildProgress()
    for line in ("#1 [internal] load metadata", "", "error: cannot connect"):
        progress.feed(line)
    assert progress.failure() == ("", ("#1 [internal] load metadata", "error: cannot connect"))


@pytest.mark.parametrize(
    ("instruction", "short"),
    [
        ("RUN set -eu -o pipefail && make", "make"),
        ("RUN module=x && flags='a b' ; go   install  y", "flags='a b' ; go install y"),
        ("RUN " + "x" * 100, "x" * 59 + "…"),
        ("WORKDIR /src", "WORKDIR /src"),
    ],
)
def test_long_instructions_are_shortened(instruction: str, short: str) -> None:
    assert BuildProgress().feed(f"#9 [2/2] {instruction}") == f"[2/2] {short}"
