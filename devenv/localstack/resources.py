"""What LocalStack holds, by name: buckets, queues, secrets (their values are not read); the messages of one queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devenv.localstack.program import Clients, pages
from devenv.localstack.queues import COUNTS


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, with messages as SQS counts them: approximately."""

    name: str
    waiting: int
    in_flight: int
    delayed: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message that waits in a queue."""

    id: str
    sent: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is, each kind sorted by name."""

    buckets: tuple[str, ...]
    queues: tuple[Queue, ...]
    secrets: tuple[str, ...]


def list_resources(aws: Clients) -> Resources:
    """Ask the three services at once; raises botocore's errors."""
    s3, sqs, secrets = (aws.client(service) for service in ("s3", "sqs", "secretsmanager"))
    with ThreadPoolExecutor(3, thread_name_prefix="aws") as pool:
        buckets = pool.submit(lambda: sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]))
        queues = pool.submit(lambda: [_queue(sqs, url) for url in sorted(pages(sqs, "list_queues", "QueueUrls"))])
        names = pool.submit(lambda: sorted(found["Name"] for found in pages(secrets, "list_secrets", "SecretList")))
        return Resources(tuple(buckets.result()), tuple(queues.result()), tuple(names.result()))


def waiting_messages(aws: Clients, unseen: Clients, queue: str) -> list[Message]:
    """The messages that wait in a queue, oldest first; raises botocore's errors.

    Args:
        aws: LocalStack's services.
        unseen: the same where reading receives nothing: what a consumer gets, and when, stays as it is.
        queue: its name.
    """
    url = aws.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    found = unseen.client("sqs").receive_message(QueueUrl=url).get("Messages", ())
    messages = [Message(m["MessageId"], _moment(m["Attributes"]["SentTimestamp"]), m["Body"]) for m in found]
    return sorted(messages, key=lambda message: message.sent)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _queue(sqs: Any, url: str) -> Queue:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
    waiting, in_flight, delayed = (int(attributes.get(name, 0)) for name in COUNTS)
    return Queue(url.rpartition("/")[2], waiting, in_flight, delayed)
