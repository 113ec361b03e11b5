"""Schedules, as Kubernetes takes them."""

from __future__ import annotations

import pytest

from devenv.spec.services.cron import require_schedule


@pytest.mark.parametrize(
    "text",
    [
        "0 3 * * *",
        "*/5 * * * *",
        "0-30/10 8-18 1,15 * mon-fri",
        "5/15 * * * *",
        "0 0 1 JAN sun",
        "0 0 ? * 6",
        "@daily",
        "@every 1h30m",
        "@every 1.5s",
    ],
)
def test_what_it_takes(text: str) -> None:
    assert require_schedule(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "30-10 * * * *",
        "*/0 * * * *",
        "*-5 * * * *",
        "a * * * *",
        "1,,2 * * * *",
        "-1 * * * *",
        "@reboot",
        "@every day",
        3,
        None,
    ],
)
def test_what_it_does_not(text: object) -> None:
    with pytest.raises(ValueError, match=r"expected|of a schedule"):
        require_schedule(text)
