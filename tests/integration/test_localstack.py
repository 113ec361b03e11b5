"""LocalStack back to its seeds, on a real one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.images import provide
from support.localstack_server import await_localstack, content, localstack_server

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import DatabaseError, UsageError
from devenv.localstack import LocalStack, Queue, Secret, fields_of, with_field
from devenv.localstack.own import own_account
from devenv.localstack.program import Clients, load_program

pytestmark = pytest.mark.engine
PROGRAM = data_root() / "localstack-init" / "seed.py"
HOST = "localstack.alt.localhost:8080"
SEEDS: dict[str, Any] = {
    "secrets": [{"name": "db/password", "value": {"username": "alt", "password": "generated"}}],
    "buckets": [{"name": "objects", "objects": [{"key": "readme.txt", "text": "seeded"}]}],
    "queues": [
        {"name": "events", "attributes": {"VisibilityTimeout": 45}},
        {"name": "audit"},
        {"name": "orders.fifo"},
    ],
    "topics": [{"name": "news", "subscriptions": [{"queue": "audit", "raw": True}]}],
    "tables": [{"name": "sessions", "key": {"hash": ["id", "S"]}, "items": [{"id": "first", "price": 1.5}]}],
    "functions": [
        {
            "name": "greeter",
            "runtime": "python3.13",
            "handler": "greeter.handler",
            "source": "def handler(event, context):\n    return 1\n",
        }
    ],
}
TABLE = {
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
RESET_FOREVER = """
import sys
from pathlib import Path
from devenv.localstack import LocalStack
print("begun", flush=True)
while True:
    LocalStack(*sys.argv[1:4], Path(sys.argv[4]), Path(sys.argv[5])).reset()
"""


@pytest.fixture(scope="module")
def endpoint(engine: Engine, labels: dict[str, str]) -> Iterator[str]:
    with localstack_server(engine, provide("localstack", engine), labels) as endpoint:
        await_localstack(load_program(PROGRAM).Aws(endpoint, ""))
        yield endpoint


@pytest.fixture(scope="module")
def clients(endpoint: str) -> Clients:
    return load_program(PROGRAM).Aws(endpoint, "")


@pytest.fixture
def localstack(endpoint: str, tmp_path: Path) -> LocalStack:
    """As seeded."""
    made = LocalStack(endpoint, HOST, json.dumps(SEEDS), PROGRAM, tmp_path / "lock")
    made.reset()
    return made


def spoil(clients: Clients) -> None:
    s3, sqs, sns, dynamodb, secrets, functions = map(
        clients.client, ("s3", "sqs", "sns", "dynamodb", "secretsmanager", "lambda")
    )
    secrets.put_secret_value(SecretId="db/password", SecretString="changed")
    secrets.create_secret(Name="surplus", SecretString="x")
    s3.create_bucket(Bucket="surplus")
    s3.put_bucket_versioning(Bucket="surplus", VersioningConfiguration={"Status": "Enabled"})
    s3.create_multipart_upload(Bucket="surplus", Key="begun")
    for text in (b"one", b"two"):
        s3.put_object(Bucket="surplus", Key="versions", Body=text)
    s3.put_object(Bucket="objects", Key="readme.txt", Body=b"changed")
    s3.put_object(Bucket="objects", Key="surplus", Body=b"x")
    urls = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("events", "audit", "orders.fifo")}
    sqs.send_message(QueueUrl=urls["events"], MessageBody="surplus")
    sqs.send_message(QueueUrl=urls["orders.fifo"], MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    sqs.receive_message(QueueUrl=urls["events"])
    sqs.set_queue_attributes(QueueUrl=urls["audit"], Attributes={"VisibilityTimeout": "99"})
    sqs.create_queue(QueueName="surplus")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:surplus")
    sns.create_topic(Name="surplus")
    dynamodb.put_item(TableName="sessions", Item={"id": {"S": "first"}, "price": {"N": "2"}})
    for index in range(30):
        dynamodb.put_item(TableName="sessions", Item={"id": {"S": f"surplus-{index}"}})
    dynamodb.create_table(TableName="surplus", **TABLE)
    functions.update_function_configuration(FunctionName="greeter", Timeout=7)


def test_a_reset_brings_back_the_seeds_and_tells_what_differed(localstack: LocalStack, clients: Clients) -> None:
    seeded = content(clients)
    assert localstack.reset() == ()
    spoil(clients)
    changes = {(change.kind, change.name, change.change) for change in localstack.reset()}
    assert content(clients) == seeded
    assert {
        ("secret", "surplus", "deleted"),
        ("secret", "db/password", "updated"),
        ("bucket", "surplus", "deleted"),
        ("queue", "events", "emptied"),
        ("queue", "audit", "created"),
        ("topic", "news", "created"),
        ("table", "sessions", "emptied"),
        ("function", "greeter", "updated"),
    } <= changes


def test_what_it_holds_is_told_by_name_and_number(localstack: LocalStack, clients: Clients) -> None:
    sqs = clients.client("sqs")
    url = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    for text in ("one", "two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=text)
    sqs.receive_message(QueueUrl=url)
    found = localstack.resources()
    assert (found.buckets, found.secrets) == (("objects",), ("db/password",))
    events = Queue("events", waiting=2, in_flight=1, delayed=0)
    assert found.queues == (Queue("audit", 0, 0, 0), events, Queue("orders.fifo", 0, 0, 0))


def test_a_secret_is_read_changed_and_made(localstack: LocalStack) -> None:
    vault = localstack.vault
    assert [(secret.name, secret.keys) for secret in vault.list()] == [("db/password", ("password", "username"))]
    assert vault.read("db/none") is None
    text = with_field(vault.read("db/password"), "db/password", "password", "another")
    assert vault.write("db/password", text) == "updated"
    assert vault.write("db/password", text) == "unchanged"
    changed = vault.read("db/password")
    assert changed is not None
    assert fields_of(changed.text) == {"username": "alt", "password": "another"}
    for plain in ("two\nlines", "ü 'quoted' $HOME"):
        assert vault.write("mine/plain", plain) in ("created", "updated")
        assert vault.read("mine/plain") == Secret("mine/plain", plain)
    silent = replace(localstack, endpoint="http://127.0.0.1:1").vault
    for ask in (silent.list, lambda: silent.write("mine/plain", "x")):
        with pytest.raises(DatabaseError):
            ask()


def test_messages_that_wait_are_read_and_nobody_has_received_them(localstack: LocalStack, clients: Clients) -> None:
    sqs = clients.client("sqs")
    url = sqs.get_queue_url(QueueName="orders.fifo")["QueueUrl"]
    for text in ("one", "zwei \N{KEY} <b>"):
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId="g", MessageDeduplicationId=text[0])
    for _ in range(2):
        assert [message.body for message in localstack.messages("orders.fifo")] == ["one", "zwei \N{KEY} <b>"]
    (first,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert (first["Body"], first["Attributes"]["ApproximateReceiveCount"]) == ("one", "1")
    assert localstack.messages("audit") == []
    with pytest.raises(DatabaseError, match="queue nothing"):
        localstack.messages("nothing")


def test_what_is_gone_is_made_again(localstack: LocalStack, clients: Clients) -> None:
    seeded = content(clients)
    clients.client("secretsmanager").delete_secret(SecretId="db/password")
    clients.client("dynamodb").delete_table(TableName="sessions")
    clients.client("lambda").delete_function(FunctionName="greeter")
    url = clients.client("sqs").get_queue_url(QueueName="audit")["QueueUrl"]
    clients.client("sqs").delete_queue(QueueUrl=url)
    localstack.reset()
    assert content(clients) == seeded


def test_altered_buckets_and_full_tables_are_made_anew(localstack: LocalStack, clients: Clients) -> None:
    seeded = content(clients)
    s3, dynamodb = clients.client("s3"), clients.client("dynamodb")
    s3.put_bucket_versioning(Bucket="objects", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="objects", Key="readme.txt", Body=b"a version")
    for start in range(0, 300, 25):
        puts = [{"PutRequest": {"Item": {"id": {"S": str(start + index)}}}} for index in range(25)]
        dynamodb.batch_write_item(RequestItems={"sessions": puts})
    localstack.reset()
    assert content(clients) == seeded


def test_many_at_once_wait_for_each_other(localstack: LocalStack, clients: Clients) -> None:
    seeded = content(clients)
    spoil(clients)
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(localstack.reset) for _ in range(3)]:
            done.result()
    assert content(clients) == seeded


@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9])
def test_one_that_is_killed_is_made_up_for(localstack: LocalStack, clients: Clients, delay: float) -> None:
    seeded = content(clients)
    spoil(clients)
    argv = [sys.executable, "-c", RESET_FOREVER, localstack.endpoint, HOST, localstack.document, str(PROGRAM)]
    with subprocess.Popen([*argv, str(localstack.lock)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        threading.Event().wait(delay)
        os.kill(process.pid, signal.SIGKILL)
    localstack.reset()
    assert content(clients) == seeded


def test_what_does_not_answer_is_told(localstack: LocalStack) -> None:
    with pytest.raises(DatabaseError, match="localstack could not be reset"):
        replace(localstack, endpoint="http://127.0.0.1:1").reset()


def test_a_test_has_an_account_that_nobody_else_sees(
    localstack: LocalStack, clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    before = content(clients)
    with own_account(localstack) as account, own_account(localstack) as other:
        assert account.id != other.id
        for section in ("secrets", "queues", "tables"):
            account.apply(section, *account.seeds(section).values())
        account.apply("buckets", {"name": "bucket-of-a-test", "objects": [{"key": "mine", "text": "x"}]})
        account.apply("topics", {"name": "news", "subscriptions": [{"queue": "audit", "raw": True}]})
        sqs = account.client("sqs")
        events = sqs.get_queue_url(QueueName="events")["QueueUrl"]
        sqs.send_message(QueueUrl=events, MessageBody="mine")
        topic = account.client("sns").list_topics()["Topics"][0]["TopicArn"]
        account.client("sns").publish(TopicArn=topic, Message="mine")
        audit = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="audit")["QueueUrl"], WaitTimeSeconds=5)
        assert [message["Body"] for message in audit["Messages"]] == ["mine"]
        assert account.id in topic
        assert other.client("sqs").list_queues().get("QueueUrls", []) == []
        assert other.client("dynamodb").list_tables()["TableNames"] == []
        with pytest.raises(UsageError, match="no seed of queues is called event"):
            account.seed("queues", "event")
    assert content(clients) == before
    with own_account(localstack) as again:
        assert again.id == account.id
        assert [again.client("s3").list_buckets()["Buckets"], again.client("sns").list_topics()["Topics"]] == [[], []]


def test_what_a_killed_test_has_left_in_its_account_is_gone_for_the_next(
    localstack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with ExitStack() as stack:
        account = stack.enter_context(own_account(localstack))
        account.client("sqs").create_queue(QueueName="left-behind")
        lost = stack.pop_all()
    with pytest.raises(ValueError, match="as if it was killed"), lost:
        raise ValueError("as if it was killed")
    with own_account(localstack) as next_one:
        assert next_one.id == account.id
        assert next_one.client("sqs").list_queues().get("QueueUrls", []) == []
