"""What is said of names below localhost, by what this system's own resolver says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.adapters.host.resolver import how_to_resolve, unresolved


def test_names_that_lead_to_this_machine_resolve() -> None:
    assert unresolved(["localhost", "127.0.0.1"]) == []


def test_names_that_are_unknown_or_lead_elsewhere_do_not() -> None:
    unknown = ["192.0.2.1", "a..b", "no-such-name.invalid"]
    assert unresolved([*unknown, "localhost"]) == unknown


def test_the_answer_for_a_project_is_that_of_getaddrinfo() -> None:
    try:
        found = socket.getaddrinfo("shop.localhost", None)
    except socket.gaierror:
        found = []
    assert unresolved(["shop.localhost"]) == ([] if found else ["shop.localhost"])


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file")
def test_who_adds_the_line_to_the_hosts_file_is_told_no_more(tmp_path: Path) -> None:
    """The line has the names of endpoints and not their domain, and another endpoint's name is missing still."""
    line = how_to_resolve(["api.shop.localhost", "s3.shop.localhost"]).rpartition(": ")[2]
    assert line == "127.0.0.1 api.shop.localhost s3.shop.localhost"
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{line}\n")
    ask = (
        "from devenv.adapters.host.resolver import unresolved;"
        "print(unresolved(['api.shop.localhost', 's3.shop.localhost', 'new.shop.invalid']))"
    )
    apart = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /etc/hosts; shift; exec "$@"', "sh", str(hosts)]
    done = subprocess.run([*apart, sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "['new.shop.invalid']\n"
