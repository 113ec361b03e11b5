"""What is said of names below localhost, by what this system's own resolver says."""

from __future__ import annotations

import socket

from devenv.adapters.host.resolver import LoopbackQuestion, how_to_resolve


def test_names_that_lead_to_this_machine_resolve() -> None:
    assert LoopbackQuestion("localhost").answer()
    assert LoopbackQuestion("127.0.0.1").answer()


def test_names_that_are_unknown_or_lead_elsewhere_do_not() -> None:
    assert not LoopbackQuestion("192.0.2.1").answer()
    assert not LoopbackQuestion("no-such-name.invalid").answer()
    assert not LoopbackQuestion("a..b").answer()


def test_the_answer_for_a_project_is_that_of_getaddrinfo() -> None:
    try:
        found = socket.getaddrinfo("shop.localhost", None)
    except socket.gaierror:
        found = []
    assert LoopbackQuestion("shop.localhost").answer() is bool(found)


def test_the_line_for_the_hosts_file_has_every_name() -> None:
    assert how_to_resolve(["api.shop.localhost", "s3.shop.localhost"]).endswith(
        "127.0.0.1 api.shop.localhost s3.shop.localhost"
    )
