"""Applies a seeds document to AWS services: creates what is missing, updates what differs, deletes nothing.

It is one file, with boto3 as its only dependency, because it runs in three places: as an init hook inside LocalStack,
piped into a Python of a pod, and on the host. It reads the document named by DEVENV_SEEDS and talks to
AWS_ENDPOINT_URL. One JSON line goes to standard output for every thing in the document; when any of them failed, the
others are still applied and `SeedError` is raised at the end. It must not generate values: the same document has to
give the same state on every run.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

DOCUMENT = Path(os.environ.get("DEVENV_SEEDS", "/etc/devenv/seeds/seeds.json"))
ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
REGION = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
POOL = 16
"""Connections that threads can have to one service."""
POLL_SECONDS = 0.1
"""Between two questions whether a table or a function is there: no service tells when it is."""
WAIT_SECONDS = 60
FUNCTION_ROLE = "arn:aws:iam::000000000000:role/devenv"

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"

Document = dict[str, Any]
Change = tuple[str, dict[str, Any]]
"""What happened, and what else the line says."""


class SeedError(Exception):
    """Some seeds could not be applied; the lines of standard output say which and why."""


class Aws:
    """Clients of the services behind one endpoint. LocalStack takes any credentials; the host's are never used.

    Making a client is not thread-safe, using one is: whoever has several threads makes them beforehand.
    """

    def __init__(self, endpoint: str, host: str = "", key: str = "test") -> None:
        """Prepare.

        Args:
            endpoint: where LocalStack answers.
            host: the name that is asked for, where the endpoint's own does not lead there (behind a proxy).
            key: the access key; twelve digits are the number of an account, anything else means the default one.
        """
        # Without the files and the profile of whoever runs this: they are for real accounts.
        files = {"config_file": (None, None, os.devnull, None), "credentials_file": (None, None, os.devnull, None)}
        own = botocore.session.Session(session_vars={"profile": (None, None, None, None), **files})
        self._session = boto3.Session(botocore_session=own)
        self._endpoint = endpoint
        self._host = host
        self._key = key
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service, made at its first use."""
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _make(self, service: str) -> Any:
        make_client: Any = self._session.client
        client = make_client(
            service,
            endpoint_url=self._endpoint,
            region_name=REGION,
            aws_access_key_id=self._key,
            aws_secret_access_key="test",
            config=Config(
                s3={"addressing_style": "path"},
                # It is on this machine, or in this cluster; an empty set keeps the environment's proxies out.
                proxies={},
                # With waits in between: on a busy machine the way there may be closed for a moment.
                retries={"mode": "standard", "max_attempts": 5},
                read_timeout=60,
                max_pool_connections=POOL,
            ),
        )
        if self._host:
            client.meta.events.register("before-sign", self._name_host)
        return client

    def _name_host(self, request: Any, **_: Any) -> None:
        request.headers["Host"] = self._host


def is_missing(error: ClientError) -> bool:
    """True when a service says that it does not have the thing."""
    code = error.response["Error"]["Code"]
    return code in {"404", "NoSuchBucket"} or any(word in code for word in ("NotFound", "NonExistent", "DoesNotExist"))


def lookup(read: Callable[..., Any], **arguments: Any) -> Any | None:
    """The answer of a read, or None when the thing does not exist."""
    try:
        return read(**arguments)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def apply_secret(aws: Aws, seed: Document) -> Change:
    secrets = aws.client("secretsmanager")
    value = seed["value"]
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    current = lookup(secrets.get_secret_value, SecretId=seed["name"])
    if current is None:
        secrets.create_secret(Name=seed["name"], SecretString=text)
        return CREATED, {}
    if current.get("SecretString") == text:
        return UNCHANGED, {}
    secrets.put_secret_value(SecretId=seed["name"], SecretString=text)
    return UPDATED, {}


def apply_bucket(aws: Aws, seed: Document) -> Change:
    s3 = aws.client("s3")
    name = seed["name"]
    change = UNCHANGED
    if lookup(s3.head_bucket, Bucket=name) is None:
        s3.create_bucket(Bucket=name)
        change = CREATED
    written = 0
    for item in seed.get("objects", ()):
        body = item["text"].encode()
        head = lookup(s3.head_object, Bucket=name, Key=item["key"])
        if head is None or head["ETag"].strip('"') != hashlib.md5(body, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=name, Key=item["key"], Body=body)
            written += 1
    if written and change == UNCHANGED:
        change = UPDATED
    return change, {"objects_written": written}


def apply_queue(aws: Aws, seed: Document) -> Change:
    sqs = aws.client("sqs")
    name = seed["name"]
    attributes = {key: str(value) for key, value in seed.get("attributes", {}).items()}
    if name.endswith(".fifo"):
        attributes["FifoQueue"] = "true"
    found = lookup(sqs.get_queue_url, QueueName=name)
    if found is None:
        return CREATED, {"url": sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]}
    url = found["QueueUrl"]
    current = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    differing = {key: value for key, value in attributes.items() if current.get(key) != value}
    if not differing:
        return UNCHANGED, {"url": url}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=differing)
    return UPDATED, {"url": url}


def subscriber(aws: Aws, subscription: Document) -> tuple[str, str]:
    """Protocol and ARN of a subscription's queue or function."""
    if "queue" in subscription:
        url = aws.client("sqs").get_queue_url(QueueName=subscription["queue"])["QueueUrl"]
        answer = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return "sqs", answer["Attributes"]["QueueArn"]
    answer = aws.client("lambda").get_function(FunctionName=subscription["function"])
    return "lambda", answer["Configuration"]["FunctionArn"]


def apply_topic(aws: Aws, seed: Document) -> Change:
    sns = aws.client("sns")
    attributes = {"FifoTopic": "true"} if seed["name"].endswith(".fifo") else {}
    pages = sns.get_paginator("list_topics").paginate()
    known = {topic["TopicArn"] for page in pages for topic in page["Topics"]}
    arn = sns.create_topic(Name=seed["name"], Attributes=attributes)["TopicArn"]
    change = UNCHANGED if arn in known else CREATED
    listed = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    subscribed = {(s["Protocol"], s["Endpoint"]) for page in listed for s in page["Subscriptions"]}
    for wanted in seed.get("subscriptions", ()):
        protocol, endpoint = subscriber(aws, wanted)
        if (protocol, endpoint) in subscribed:
            continue
        raw = {"RawMessageDelivery": "true"} if protocol == "sqs" and wanted.get("raw") else {}
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=raw)
        change = UPDATED if change == UNCHANGED else change
    return change, {"arn": arn}


def apply_table(aws: Aws, seed: Document) -> Change:
    dynamodb = aws.client("dynamodb")
    name = seed["name"]
    schema = [{"AttributeName": seed["key"]["hash"][0], "KeyType": "HASH"}]
    types = [seed["key"]["hash"]]
    if "range" in seed["key"]:
        schema.append({"AttributeName": seed["key"]["range"][0], "KeyType": "RANGE"})
        types.append(seed["key"]["range"])
    found = lookup(dynamodb.describe_table, TableName=name)
    change = UNCHANGED
    if found is None:
        definitions = [{"AttributeName": attribute, "AttributeType": kind} for attribute, kind in types]
        dynamodb.create_table(
            TableName=name, KeySchema=schema, AttributeDefinitions=definitions, BillingMode="PAY_PER_REQUEST"
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=patience())
        change = CREATED
    elif found["Table"]["KeySchema"] != schema:
        raise SeedError(f"table {name} exists with another key; delete it, or give the table another name")
    written = sum(put_item(aws, name, [attribute for attribute, _ in types], item) for item in seed.get("items", ()))
    if written and change == UNCHANGED:
        change = UPDATED
    return change, {"items_written": written}


def patience() -> dict[str, float]:
    """How often and for how long something is waited for, as botocore's waiters take it."""
    return {"Delay": POLL_SECONDS, "MaxAttempts": int(WAIT_SECONDS / POLL_SECONDS)}


def put_item(aws: Aws, table: str, key: list[str], item: Document) -> int:
    """Write one item unless it is there already; returns how many were written."""
    dynamodb = aws.client("dynamodb")
    wanted = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    current = dynamodb.get_item(TableName=table, Key={name: wanted[name] for name in key}, ConsistentRead=True)
    if current.get("Item") == wanted:
        return 0
    dynamodb.put_item(TableName=table, Item=wanted)
    return 1


def function_files(seed: Document) -> Iterator[tuple[str, bytes]]:
    """Path inside the archive and content of every file of a function."""
    if "source" in seed:
        yield seed["handler"].rpartition(".")[0].replace(".", "/") + ".py", seed["source"].encode()
    for name, text in seed.get("files", {}).items():
        yield name, text.encode()
    if "path" in seed:
        root = DOCUMENT.parent / seed["path"]
        if not root.is_dir():
            raise SeedError(f"function {seed['name']}: {root} is not a folder")
        for path in root.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()


def function_archive(seed: Document) -> bytes:
    """A zip that depends on the files alone, so that its hash says whether the code changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(function_files(seed)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def apply_function(aws: Aws, seed: Document) -> Change:
    functions = aws.client("lambda")
    name = seed["name"]
    code = function_archive(seed)
    environment = {key: str(value) for key, value in seed.get("environment", {}).items()}
    settings = {"Runtime": seed["runtime"], "Handler": seed["handler"], "Timeout": seed.get("timeout", 30)}
    found = lookup(functions.get_function, FunctionName=name)
    if found is None:
        functions.create_function(
            FunctionName=name,
            Role=FUNCTION_ROLE,
            Code={"ZipFile": code},
            Environment={"Variables": environment},
            **settings,
        )
        return CREATED, settled(aws, name)
    current = found["Configuration"]
    change = UNCHANGED
    if current["CodeSha256"] != b64encode(hashlib.sha256(code).digest()).decode():
        functions.update_function_code(FunctionName=name, ZipFile=code)
        settled(aws, name)
        change = UPDATED
    is_same = current.get("Environment", {}).get("Variables", {}) == environment
    if not is_same or any(current.get(key) != value for key, value in settings.items()):
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": environment}, **settings)
        change = UPDATED
    return change, settled(aws, name)


def settled(aws: Aws, name: str) -> dict[str, Any]:
    """Wait until a function is no longer pending, and say what became of it.

    Whether a function can run depends on LocalStack's executor, so a failed one is reported and not an error.
    """
    functions = aws.client("lambda")
    try:
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=patience())
        functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=patience())
    except WaiterError as error:
        answer: Any = error.last_response
        configuration = answer.get("Configuration", {})
        return {"state": configuration.get("State", "Unknown"), "reason": configuration.get("StateReason", str(error))}
    return {"state": "Active"}


# Queues and functions come before the topics that they subscribe to.
KINDS: tuple[tuple[str, str, Callable[[Aws, Document], Change]], ...] = (
    ("secrets", "secret", apply_secret),
    ("buckets", "bucket", apply_bucket),
    ("queues", "queue", apply_queue),
    ("tables", "table", apply_table),
    ("functions", "function", apply_function),
    ("topics", "topic", apply_topic),
)


def apply_section(aws: Aws, document: Document, wanted: str) -> Iterator[dict[str, Any]]:
    """Apply the seeds of one section and yield a line for each: kind, name, change, and error when it is `failed`."""
    for section, kind, apply_one in KINDS:
        for seed in document.get(section, ()) if section == wanted else ():
            line = {"kind": kind, "name": seed["name"]}
            try:
                change, details = apply_one(aws, seed)
            except (ClientError, BotoCoreError, SeedError) as error:
                yield {**line, "change": "failed", "error": str(error)}
            else:
                yield {**line, "change": change, **details}


def apply(aws: Aws, document: Document) -> Iterator[dict[str, Any]]:
    """Apply every seed; the lines come in the order of `KINDS`.

    Tables are made beside others: their service starts a program of its own, which takes about as long as those. Not
    beside the first section: with its service LocalStack loads what all of them share.
    """
    first, *others = (section for section, _, _ in KINDS)
    yield from apply_section(aws, document, first)
    aws.client("dynamodb")  # before there are two threads
    with ThreadPoolExecutor(1, thread_name_prefix="tables") as pool:
        tables = pool.submit(list, apply_section(aws, document, "tables"))
        for section in others:
            yield from tables.result() if section == "tables" else apply_section(aws, document, section)


def main() -> None:
    """Apply the document; raises SeedError when a seed failed or a section is unknown."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"), parse_float=Decimal)
    unknown = sorted(set(document) - {section for section, _, _ in KINDS})
    if unknown:
        raise SeedError(f"{DOCUMENT}: unknown sections: {', '.join(unknown)}")
    failed = []
    for line in apply(Aws(ENDPOINT), document):
        print(json.dumps(line, sort_keys=True), flush=True)
        if line["change"] == "failed":
            failed.append(f"{line['kind']} {line['name']}: {line['error']}")
    if failed:
        raise SeedError("; ".join(failed))


# LocalStack runs its hooks with exec(), where __name__ is that of the builtins.
if __name__ in {"__main__", "builtins"}:
    main()
