"""SNS: topics that the seeds do not have, or whose subscriptions are others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devenv.localstack.program import Change, Clients, Seed, named, pages

_Subscription = tuple[str, str, bool, str]
"""Protocol, name of the queue or function, raw delivery, filter."""


def empty_topics(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete them; the seeded ones among them are made anew. Topics hold no data."""
    sns = aws.client("sns")
    wanted = named(seeds, "topics")
    for topic in list(pages(sns, "list_topics", "Topics")):
        arn = topic["TopicArn"]
        name = arn.rpartition(":")[2]
        if name not in wanted or _subscriptions(sns, arn) != _wanted(wanted[name]):
            sns.delete_topic(TopicArn=arn)
            yield Change("topic", name, "deleted")


def _subscriptions(sns: Any, topic: str) -> set[_Subscription]:
    found: set[_Subscription] = set()
    for subscription in pages(sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic):
        answer = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])
        attributes = answer["Attributes"]
        found.add(
            (
                subscription["Protocol"],
                subscription["Endpoint"].rpartition(":")[2],
                attributes.get("RawMessageDelivery", "false").lower() == "true",
                attributes.get("FilterPolicy", ""),
            )
        )
    return found


def _wanted(seed: Seed) -> set[_Subscription]:
    subscriptions: list[Seed] = seed.get("subscriptions", [])
    return {
        ("sqs", entry["queue"], bool(entry.get("raw")), "")
        if entry.get("queue")
        else ("lambda", entry["function"], False, "")
        for entry in subscriptions
    }
