"""Run with `pytest`, while the environment is up or not. Each test has a database of its own, migrated and seeded."""

import json
import urllib.parse
import urllib.request


def ask(url, **form):
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        return json.load(answer)


def test_the_first_note_is_there(devenv_postgres):
    assert devenv_postgres.client.execute("SELECT text, words FROM notes").fetchall() == [("the first note", 3)]


def test_a_note_is_kept(devenv_postgres, devenv_service):
    api = devenv_service("api").url.rstrip("/")  # a copy of the API, on this test's database

    ask(f"{api}/notes", text="buy milk")

    assert [note["text"] for note in ask(f"{api}/notes")] == ["the first note", "buy milk"]
    assert devenv_postgres.client.execute("SELECT count(*) FROM notes").fetchone() == (2,)
