"""Which ports lead where."""

from __future__ import annotations

import socket

import pytest

from devenv.errors import PortTakenError, UsageError
from devenv.workflows.services.forward import chosen_ports

TEMPLATE = {
    "containers": [
        {"ports": [{"name": "http", "containerPort": 48080}, {"containerPort": 48081, "protocol": "UDP"}]},
        {"ports": [{"name": "metrics", "containerPort": 80}]},
    ]
}
NONE = {"containers": [{"name": "worker"}]}


def test_without_a_port_all_that_are_declared_are_meant() -> None:
    first, second = chosen_ports([], TEMPLATE, "api")
    assert (first, second[1]) == ((48080, 48080), 80)
    assert second[0] >= 1024, "which any user may open"


def test_ports_have_names_and_numbers_of_this_machine() -> None:
    (found,) = chosen_ports(["48099:http"], TEMPLATE, "api")
    assert found == (48099, 48080)
    assert chosen_ports(["5005"], NONE, "worker")[0][1] == 5005


def test_two_ports_of_one_number_get_two_here() -> None:
    (first, _), (second, _) = chosen_ports(["48080", "48080"], TEMPLATE, "api")
    assert first != second


@pytest.mark.parametrize("asked", ["0", "70000", "htpp", "a:80", ":"])
def test_what_is_no_port_is_told(asked: str) -> None:
    with pytest.raises(UsageError, match="is no port"):
        chosen_ports([asked], TEMPLATE, "api")


def test_without_any_that_is_declared_one_has_to_be_named() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_ports([], NONE, "worker")
    assert caught.value.hint == "devenv forward worker PORT"


def test_a_port_that_was_named_and_is_taken_is_an_error_and_one_that_was_not_is_avoided() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)):
            chosen_ports([f"{port}:http"], TEMPLATE, "api")
        template = {"containers": [{"ports": [{"containerPort": port}]}]}
        assert chosen_ports([], template, "api")[0][0] != port
