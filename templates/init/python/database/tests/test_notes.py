"""Run with `pytest`, while the environment is up or not. Each test has a database of its own, migrated and seeded."""


def test_the_first_note_is_there(devenv_postgres):
    assert devenv_postgres.client.execute("SELECT text, words FROM notes").fetchall() == [("the first note", 3)]


def test_a_note_is_kept(devenv, devenv_postgres, devenv_service):
    api = devenv_service("api")  # a copy of the API, on this test's database
    with devenv.http(api.url) as client:
        client.post("/notes", data={"text": "buy milk"}).raise_for_status()
        assert [note["text"] for note in client.get("/notes").json()] == ["the first note", "buy milk"]
    assert devenv_postgres.client.execute("SELECT count(*) FROM notes").fetchone() == (2,)
