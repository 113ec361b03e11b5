"""Run with `pytest`, while the environment is up or not."""


def test_it_says_hello(devenv_http):
    assert devenv_http("api").get("/hello", params={"name": "devenv"}).json() == {"hello": "devenv"}
