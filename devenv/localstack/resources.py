"""What LocalStack holds, by name: buckets, queues with their messages, secrets. Values are not read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


def _queue(sqs: Any, url: str) -> Queue:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
    waiting, in_flight, delayed = (int(attributes.get(name, 0)) for name in COUNTS)
    return Queue(url.rpartition("/")[2], waiting, in_flight, delayed)
