"""What a foreign page, a program without the token and the page's own user may ask for."""

from __future__ import annotations

import pytest
from support.page_values import PASSWORD, TOKEN, ValuesPage

BEARER = f"Bearer {TOKEN}"
OWN = "http://shop.localhost:8070"
ACTS = (
    "/databases/redis/reset",
    "/stacks/traefik/restart",
    "/stacks/traefik/log",
    "/queues/shop-orders/messages",
    "/credentials",
    "/failures/now-postgres",
    "/ticket",
)


@pytest.mark.parametrize("host", ["shop.localhost:8070", "localhost:8070", "127.0.0.1:8070"])
def test_the_page_answers_by_its_own_names(host: str) -> None:
    assert ValuesPage().client(host).get("/").status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8070",
        "shop.localhost:8071",
        "shop.localhost",
        "other.localhost:8070",
        "shop.localhost.evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/static/page.js"])
def test_a_name_that_is_rebound_to_this_machine_gets_nothing(host: str, path: str) -> None:
    answer = ValuesPage().client(host, authorization=BEARER).get(path)
    assert answer.status_code == 421
    assert "postgres" not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/events", "/static/page.js", "/"])
def test_a_foreign_page_reads_nothing(path: str, site: str) -> None:
    assert ValuesPage().client(sec_fetch_site=site, sec_fetch_mode="no-cors").get(path).status_code == 403


def test_a_link_from_elsewhere_shows_the_page() -> None:
    assert ValuesPage().client(sec_fetch_site="cross-site", sec_fetch_mode="navigate").get("/").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://shop.localhost:8070", f"{OWN}1"])
@pytest.mark.parametrize("path", ACTS)
def test_a_foreign_origin_does_nothing_even_with_the_token(path: str, origin: str) -> None:
    page = ValuesPage()
    answer = page.client(authorization=BEARER, origin=origin).post(path)
    assert answer.status_code == 403
    assert not page.began
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
@pytest.mark.parametrize("path", ACTS)
def test_nothing_is_done_or_told_without_the_token(path: str, given: str) -> None:
    page = ValuesPage()
    answer = page.client(authorization=given, origin=OWN).post(path)
    assert answer.status_code == 401
    assert not page.began
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("path", ACTS)
def test_nothing_is_done_by_reading(path: str) -> None:
    page = ValuesPage()
    assert page.client(authorization=BEARER).get(path).status_code == 405
    assert not page.began


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_and_no_other_origin_is_ever_allowed(method: str) -> None:
    answer = ValuesPage().client(origin=OWN).request(method, "/credentials")
    assert answer.status_code in {401, 405}
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/nothing", "/static/../app.py"])
def test_every_answer_keeps_others_out(path: str) -> None:
    headers = ValuesPage().client().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_a_ticket_is_good_for_one_token_once() -> None:
    client = ValuesPage().client(origin=OWN)
    ticket = client.post("/ticket", headers={"Authorization": BEARER}).json()["ticket"]
    assert client.post("/session", headers={"X-Devenv-Ticket": "wrong"}).status_code == 401
    assert client.post("/session", headers={"X-Devenv-Ticket": ticket}).json() == {"token": TOKEN}
    assert client.post("/session", headers={"X-Devenv-Ticket": ticket}).status_code == 401
