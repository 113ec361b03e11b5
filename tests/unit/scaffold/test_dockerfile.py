"""What is read of a Dockerfile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.scaffold.found.dockerfile import read_dockerfile


def ports(text: str) -> list[tuple[int, int]]:
    return [(port.number, port.line) for port in read_dockerfile(text).ports]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\nEXPOSE 8080\n", [(8080, 2)]),
        ("from a\nexpose 8080/TCP 9090\n", [(8080, 2), (9090, 2)]),
        ("ARG P=1\nFROM a\nARG P\nEXPOSE $P\n", [(1, 4)]),
        ("FROM a\nENV P 81\nEXPOSE ${P}\n", [(81, 3)]),
        ("FROM a\nENV P=82 Q=1\nEXPOSE ${P:-7}\n", [(82, 3)]),
        ("FROM a\nEXPOSE ${P:-7}\n", [(7, 2)]),
        ("FROM a AS one\nEXPOSE 1\nFROM b\nEXPOSE 2\n", [(2, 4)]),
        ("FROM a AS one\nEXPOSE 1\nFROM one\nEXPOSE 2\n", [(1, 2), (2, 4)]),
        ("FROM a\nEXPOSE 1 \\\n# a comment\n  2\n", [(1, 2), (2, 2)]),
        ("FROM a\nRUN <<EOF\nEXPOSE 1\nEOF\nEXPOSE 2\n", [(2, 5)]),
        ("FROM a\nRUN echo EXPOSE 1\n# EXPOSE 2\n", []),
        ("EXPOSE 1\n", []),
        ("FROM a\nHEALTHCHECK CMD curl http://localhost:3000/up\n", [(3000, 1)]),
        ("FROM a\nENV PORT=81\n", [(81, 1)]),
        ("FROM a\nENV PORT=81\nEXPOSE 82\n", [(82, 3)]),
        ("FROM a\nENV PORT=$NONE\n", []),
    ],
)
def test_ports_are_those_of_the_last_stage(text: str, found: list[tuple[int, int]]) -> None:
    assert ports(text) == found


@pytest.mark.parametrize("word", ["53/udp", "8000-8010", "$P", "0", "70000", "x", "${P:-x}"])
def test_what_is_no_single_tcp_port_is_told_with_its_line(word: str) -> None:
    facts = read_dockerfile(f"FROM a\n\nEXPOSE 80 {word}\n")

    assert [port.number for port in facts.ports] == [80]
    ((line, message),) = facts.unknown
    assert line == 3
    assert message.startswith("EXPOSE ")


def test_health_volumes_bases_and_what_is_copied() -> None:
    facts = read_dockerfile(
        "ARG GOLANG\nARG NODE=node:22\nFROM ${GOLANG} AS build\nCOPY go.mod ./go.sum /src/\nADD https://x.test/a /a\n"
        "FROM $NODE\nCOPY --from=build /out /out\nCOPY --chown=1:1 web /web\n"
        'VOLUME ["/data", "/data"]\nVOLUME /more /data\n'
        "HEALTHCHECK NONE\nHEALTHCHECK CMD curl -f http://127.0.0.1:80/up?x=1 || exit 1\n"
    )

    assert facts.bases == (("GOLANG", 3),)
    assert facts.health == "/up?x=1"
    assert facts.volumes == ("/data", "/more")
    assert facts.copied == ("go.mod", "./go.sum", "web")
    assert facts.stages == 2


@given(
    st.text(max_size=300), st.lists(st.sampled_from(["FROM a", "EXPOSE", "VOLUME [", "COPY \\", "RUN <<E", "ENV a"]))
)
def test_whatever_is_written_is_read(text: str, lines: list[str]) -> None:
    read_dockerfile("\n".join([*lines, text, *lines]))
