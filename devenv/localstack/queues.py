"""SQS: queues and messages that the seeds do not have, attributes that were changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devenv.localstack.program import Change, Clients, Seed, named, pages

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
"""Attributes that count messages: those that wait, are with a receiver, are yet to come."""
_OF_ITS_OWN = {*COUNTS, "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"}
"""What differs between queues that were made alike."""
_PATTERN = "devenv-pattern"
"""A queue that is made to see the defaults of the version at hand, and deleted at once."""


def empty_queues(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete queues, purge seeded ones that hold messages, delete those whose attributes are not as made."""
    sqs = aws.client("sqs")
    wanted = named(seeds, "queues")
    urls = {url.rpartition("/")[2]: url for url in pages(sqs, "list_queues", "QueueUrls")}
    defaults = {fifo: _defaults(sqs, fifo) for fifo in {name.endswith(".fifo") for name in wanted if name in urls}}
    for name, url in urls.items():
        if name not in wanted:
            sqs.delete_queue(QueueUrl=url)
            yield Change("queue", name, "deleted")
            continue
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        made = {key: str(value) for key, value in wanted[name].get("attributes", {}).items()}
        if _comparable(attributes) != {**defaults[name.endswith(".fifo")], **made}:
            sqs.delete_queue(QueueUrl=url)
            yield Change("queue", name, "deleted")
        elif any(attributes.get(count, "0") != "0" for count in COUNTS):
            sqs.purge_queue(QueueUrl=url)
            yield Change("queue", name, "emptied")


def _defaults(sqs: Any, fifo: bool) -> dict[str, str]:  # noqa: FBT001 -- the two kinds of queues
    name, attributes = (f"{_PATTERN}.fifo", {"FifoQueue": "true"}) if fifo else (_PATTERN, {})
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    return _comparable(found)


def _comparable(attributes: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in attributes.items() if key not in _OF_ITS_OWN}
