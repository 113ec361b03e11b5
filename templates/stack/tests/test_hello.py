"""Run with `pytest`, while the environment is up or not."""


def test_it_answers(devenv_http):
    assert devenv_http("hello").get("/").status_code == 200
