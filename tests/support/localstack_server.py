"""LocalStack in a container, and everything that it holds of the services that can be seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from devenv.adapters.docker import Engine
from devenv.localstack import LocalStack
from devenv.localstack.program import Clients, load_program, pages
from devenv.runtime.steps.localstack import local_stack
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import reach
from support.environment import Project
from support.server_container import server_container
from support.waiting import await_answer

_SECONDS = 120.0
_ENVIRONMENT = {
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DNS_ADDRESS": "0",
    "GATEWAY_LISTEN": "0.0.0.0:4566",
    "SQS_ENDPOINT_STRATEGY": "path",
    "EAGER_SERVICE_LOADING": "0",
}
_HOSTS = {"localhost.localstack.cloud": "127.0.0.1", "s3.localhost.localstack.cloud": "127.0.0.1"}


@contextmanager
def localstack_server(engine: Engine, image: str, labels: dict[str, str]) -> Iterator[str]:
    """The endpoint of an empty LocalStack."""
    options = {"environment": _ENVIRONMENT, "extra_hosts": _HOSTS}
    with server_container(engine, image, labels, 4566, **options) as port:
        yield f"http://127.0.0.1:{port}"


def await_localstack(clients: Clients) -> None:
    """Return when it answers, which takes it a while."""
    await_answer(clients.client("secretsmanager").list_secrets, BotoCoreError, ClientError, seconds=_SECONDS)


def localstack_of(environment: Project) -> LocalStack:
    """The one in an environment that is up, whose state this process must find."""
    with reach(environment.root, silent_session()) as deployment:
        return local_stack(deployment.environment)


def clients_of(localstack: LocalStack) -> Clients:
    """Clients of its services."""
    return load_program(localstack.program).Aws(localstack.endpoint, localstack.host)


def content(clients: Clients) -> dict[str, Any]:
    """Everything that a reset must bring back, by kind and name."""
    parts: dict[str, Callable[[Any], dict[str, Any]]] = {
        "secretsmanager": _secrets,
        "s3": _buckets,
        "sqs": _queues,
        "sns": _topics,
        "dynamodb": _tables,
        "lambda": _functions,
    }
    return {service: read(clients.client(service)) for service, read in parts.items()}


def _secrets(client: Any) -> dict[str, Any]:
    names = [entry["Name"] for entry in pages(client, "list_secrets", "SecretList")]
    return {name: client.get_secret_value(SecretId=name)["SecretString"] for name in names}


def _buckets(client: Any) -> dict[str, Any]:
    names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    return {
        name: {item["Key"]: item["ETag"] for item in pages(client, "list_objects_v2", "Contents", Bucket=name)}
        | {"versioning": client.get_bucket_versioning(Bucket=name).get("Status")}
        for name in names
    }


def _queues(client: Any) -> dict[str, Any]:
    found = {}
    for url in pages(client, "list_queues", "QueueUrls"):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url.rpartition("/")[2]] = {key: value for key, value in attributes.items() if "Timestamp" not in key}
    return found


def _topics(client: Any) -> dict[str, Any]:
    arns = [topic["TopicArn"] for topic in pages(client, "list_topics", "Topics")]
    return {arn: _subscriptions(client, arn) for arn in arns}


def _subscriptions(client: Any, topic: str) -> list[tuple[str, str, str]]:
    found = []
    for entry in pages(client, "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic):
        attributes = client.get_subscription_attributes(SubscriptionArn=entry["SubscriptionArn"])["Attributes"]
        found.append((entry["Protocol"], entry["Endpoint"], attributes.get("RawMessageDelivery", "false").lower()))
    return sorted(found)


def _tables(client: Any) -> dict[str, Any]:
    names = list(pages(client, "list_tables", "TableNames"))
    return {
        name: {
            "key": client.describe_table(TableName=name)["Table"]["KeySchema"],
            "items": sorted(str(item) for item in pages(client, "scan", "Items", TableName=name)),
        }
        for name in names
    }


def _functions(client: Any) -> dict[str, Any]:
    kept = ("Runtime", "Handler", "Timeout", "CodeSha256", "Environment")
    functions = list(pages(client, "list_functions", "Functions"))
    return {entry["FunctionName"]: {key: entry.get(key) for key in kept} for entry in functions}
