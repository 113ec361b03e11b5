"""What a test has of AWS: one bucket, queue, topic or table of its own, or all seeded secrets.

All of a test's are in one account (`devenv.localstack.own`), so that a topic of the test reaches a queue of the test. A
name of the project's seeds means: like that one, with what is seeded in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from devenv.localstack.own import OwnAccount
from devenv.localstack.program import Seed

_PLAIN_TABLE: Seed = {"key": {"hash": ["id", "S"]}}
_MOST_AT_ONCE = 10
"""Messages that SQS gives to one request."""


class AwsResource:
    """What each of them has."""

    def __init__(self, account: OwnAccount, service: str, name: str, seed: str) -> None:
        self.account = account
        self.name = name
        self.seed = seed
        """What it is like, and what applications know it as; empty where it is a plain one."""
        self.client: Any = account.client(service)
        """boto3's, which reaches the environment's LocalStack and nothing else."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of account {self.account.id}>"


class Bucket(AwsResource):
    """An S3 bucket. Its name is new, since all accounts share the names of buckets."""

    def __init__(self, account: OwnAccount, seed: str = "") -> None:
        made: Seed = account.seed("buckets", seed) if seed else {}
        super().__init__(account, "s3", f"{seed or 'bucket'}-{uuid.uuid4().hex[:12]}", seed)
        account.apply("buckets", {**made, "name": self.name})

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        """The object's content; raises botocore's ClientError where there is none."""
        content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def keys(self) -> list[str]:
        """The names of the objects, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]


class Queue(AwsResource):
    """An SQS queue: of the seeded one's name and attributes, or called `queue`."""

    def __init__(self, account: OwnAccount, seed: str = "") -> None:
        made: Seed = account.seed("queues", seed) if seed else {"name": "queue"}
        super().__init__(account, "sqs", made["name"], seed)
        account.apply("queues", made)
        self.url: str = self.client.get_queue_url(QueueName=self.name)["QueueUrl"]

    @property
    def arn(self) -> str:
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        arn: str = answer["Attributes"]["QueueArn"]
        return arn

    def send(self, body: str, **options: Any) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def receive(self, *, wait: int = 0) -> list[str]:
        """The bodies of up to ten messages, which are deleted; waits up to `wait` seconds for the first."""
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=_MOST_AT_ONCE, WaitTimeSeconds=wait)
        messages = answer.get("Messages", [])
        for message in messages:
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]


class Topic(AwsResource):
    """An SNS topic: with the seeded one's queues, which are made as well, or called `topic` and without any."""

    def __init__(self, account: OwnAccount, seed: str = "") -> None:
        made: Seed = account.seed("topics", seed) if seed else {"name": "topic"}
        super().__init__(account, "sns", made["name"], seed)
        # Functions stay out: one takes seconds, and a container, to be made.
        queues = [entry for entry in made.get("subscriptions", ()) if entry.get("queue")]
        account.apply("queues", *(account.seed("queues", entry["queue"]) for entry in queues))
        account.apply("topics", {**made, "subscriptions": queues})
        self.arn: str = self.client.create_topic(Name=self.name, Attributes=_attributes(self.name))["TopicArn"]

    def publish(self, message: str, **options: Any) -> None:
        self.client.publish(TopicArn=self.arn, Message=message, **options)

    def subscribe(self, queue: Queue, *, raw: bool = True) -> None:
        """Have a queue of the test's own get what is published; `raw` without SNS' envelope."""
        attributes = {"RawMessageDelivery": str(raw).lower()}
        self.client.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes)


class Table(AwsResource):
    """A DynamoDB table: of the seeded one's name, key and items, or called `table`, with the text `id` as key."""

    def __init__(self, account: OwnAccount, seed: str = "") -> None:
        made: Seed = account.seed("tables", seed) if seed else {**_PLAIN_TABLE, "name": "table"}
        super().__init__(account, "dynamodb", made["name"], seed)
        account.apply("tables", made)


class Secrets(AwsResource):
    """The seeded secrets, or one of them, which a test may change."""

    def __init__(self, account: OwnAccount, seed: str = "") -> None:
        made: Mapping[str, Seed] = account.seeds("secrets")
        super().__init__(account, "secretsmanager", seed, seed)
        account.apply("secrets", *([account.seed("secrets", seed)] if seed else made.values()))

    def get(self, name: str) -> str:
        """The text of a secret; raises botocore's ClientError where there is none."""
        text: str = self.client.get_secret_value(SecretId=name)["SecretString"]
        return text

    def put(self, name: str, text: str) -> None:
        """Give a secret another text, or make one."""
        try:
            self.client.put_secret_value(SecretId=name, SecretString=text)
        except self.client.exceptions.ResourceNotFoundException:
            self.client.create_secret(Name=name, SecretString=text)


def _attributes(name: str) -> dict[str, str]:
    return {"FifoTopic": "true"} if name.endswith(".fifo") else {}
