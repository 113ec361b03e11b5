"""The seeds document: values that are generated, and its JSON."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.spec.read.places import Boundary
from devenv.spec.read.seed_files import SeedFile, load_seeds
from devenv.spec.seeds import Seeds, from_json, generate, secret_texts, texts_to_mask

DOCUMENT = Seeds.model_validate(
    {
        "secrets": [
            {"name": "db", "value": {"user": "app", "password": {"generate": {"length": 30}}}},
            {"name": "token", "value": {"generate": {}}},
            {"name": "fixed", "value": "text"},
        ]
    }
)


def load(root: Path, *texts: str) -> Seeds:
    files = [root / f"{index}.yaml" for index in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    seeds, problems = load_seeds([SeedFile(file, Boundary(root, "the folder")) for file in files], "shop")
    assert not problems
    return seeds


def test_values_are_generated_as_letters_and_digits() -> None:
    texts = secret_texts(generate(DOCUMENT, {}))

    assert len(texts["db/password"]) == 30
    assert len(texts["token"]) == 24
    assert (texts["db/password"] + texts["token"]).isalnum()
    assert (texts["db/user"], texts["fixed"]) == ("app", "text")


def test_values_differ_each_time_unless_they_are_known() -> None:
    first = generate(DOCUMENT, {})

    assert secret_texts(generate(DOCUMENT, {})) != secret_texts(first)
    assert generate(DOCUMENT, secret_texts(first)) == first


def test_who_and_where_is_not_masked() -> None:
    filled = generate(DOCUMENT, {})

    assert set(texts_to_mask(filled)) == set(secret_texts(filled).values()) - {"app"}


def test_fixed_values_are_never_the_previous_ones() -> None:
    assert secret_texts(generate(DOCUMENT, {"db/user": "old", "fixed": "old"}))["db/user"] == "app"


def test_markers_stay_until_they_are_filled() -> None:
    assert secret_texts(DOCUMENT) == {"db/user": "app", "fixed": "text"}
    assert json.loads(DOCUMENT.to_json())["secrets"][1]["value"] == {"generate": {}}


def test_json_and_back() -> None:
    filled = generate(DOCUMENT, {})

    assert from_json(filled.to_json()) == filled
    assert from_json(DOCUMENT.to_json()) == DOCUMENT


def test_a_document_without_secrets_has_nothing_to_fill() -> None:
    document = Seeds.model_validate({"queues": [{"name": "jobs"}]})

    assert generate(document, {}).to_json() == '{"queues":[{"name":"jobs"}]}'


def test_later_files_replace_entries_by_name(tmp_path: Path) -> None:
    seeds = load(
        tmp_path,
        "queues: [{name: a, attributes: {DelaySeconds: 1}}, {name: b}]\n",
        "queues: [{name: c}, {name: a, attributes: {FifoQueue: true}}]\n",
    )

    assert json.loads(seeds.to_json()) == {
        "queues": [{"name": "a", "attributes": {"FifoQueue": "true"}}, {"name": "b"}, {"name": "c"}]
    }


def test_subscriptions_may_name_what_another_file_has(tmp_path: Path) -> None:
    topic = "topics: [{name: t, subscriptions: [{queue: a, raw: true}, {function: f}]}]\n"
    function = "functions: [{name: f, runtime: python3.11, handler: m.h, source: x}]\n"

    seeds = load(tmp_path, topic, f"queues: [{{name: a}}]\n{function}")

    assert json.loads(seeds.to_json())["topics"][0]["subscriptions"] == [
        {"queue": "a", "raw": True},
        {"function": "f"},
    ]


def test_the_code_of_a_function_travels_with_the_document(tmp_path: Path) -> None:
    (tmp_path / "code" / "lib").mkdir(parents=True)
    (tmp_path / "code" / "main.py").write_text("import lib\n", encoding="utf-8")
    (tmp_path / "code" / "lib" / "__init__.py").write_text("", encoding="utf-8")

    seeds = load(
        tmp_path,
        "functions: [{name: f, runtime: python3.11, handler: main.run, path: code, environment: {N: 1}}]\n",
    )

    assert json.loads(seeds.to_json())["functions"] == [
        {
            "name": "f",
            "runtime": "python3.11",
            "handler": "main.run",
            "environment": {"N": "1"},
            "files": {"lib/__init__.py": "", "main.py": "import lib\n"},
        }
    ]


def test_items_keep_nulls_and_nesting(tmp_path: Path) -> None:
    table = "tables: [{name: items, key: {hash: [id, S]}, items: [{id: a, gone: null, tags: [x, {y: 1.5}]}]}]\n"

    assert json.loads(load(tmp_path, table).to_json())["tables"][0]["items"] == [
        {"id": "a", "gone": None, "tags": ["x", {"y": 1.5}]}
    ]


def test_secrets_named_after_the_namespace_of_their_reader_are_the_projects(tmp_path: Path) -> None:
    builtin = "secrets: [{name: '{namespace_prefix}-database/postgres', value: theirs}]"
    own = "secrets: [{name: shop-database/postgres, value: ours}]"
    assert secret_texts(load(tmp_path, builtin)) == {"shop-database/postgres": "theirs"}
    assert secret_texts(load(tmp_path, builtin, own)) == {"shop-database/postgres": "ours"}
