"""LocalStack in the environment that is up, reached through Traefik."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.environment import Project
from support.localstack_server import clients_of, content, localstack_of

pytestmark = pytest.mark.e2e


def test_a_reset_brings_back_the_seeds_and_keeps_generated_values(inside: Project) -> None:
    localstack = localstack_of(inside)
    localstack.reset()
    clients = clients_of(localstack)
    seeded = content(clients)
    secrets, queues = clients.client("secretsmanager"), clients.client("sqs")
    secrets.put_secret_value(SecretId="alt-database/postgres", SecretString="{}")
    queues.send_message(QueueUrl=queues.get_queue_url(QueueName="alt-audit")["QueueUrl"], MessageBody="surplus")
    clients.client("s3").put_object(Bucket="alt-objects", Key="surplus", Body=b"x")
    clients.client("dynamodb").put_item(TableName="alt-sessions", Item={"id": {"S": "surplus"}})
    changes = {(change.kind, change.name) for change in localstack.reset()}
    assert changes == {
        ("secret", "alt-database/postgres"),
        ("queue", "alt-audit"),
        ("bucket", "alt-objects"),
        ("table", "alt-sessions"),
    }
    assert content(clients) == seeded


def test_a_namespace_of_a_projects_own_stack_may_use_the_store(environment: Project, tmp_path: Path) -> None:
    namespace = "devenv-test-own"
    wanted = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "postgres", "namespace": namespace},
        "spec": {
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "localstack"},
            "dataFrom": [{"extract": {"key": "alt-database/postgres"}}],
        },
    }
    (tmp_path / "wanted.yaml").write_text(yaml.safe_dump(wanted))
    environment.kubectl("create", "namespace", namespace)
    try:
        environment.kubectl("apply", "--filename", str(tmp_path / "wanted.yaml"))
        environment.kubectl(
            "-n", namespace, "wait", "externalsecret/postgres", "--for=condition=Ready", "--timeout=30s"
        )
        assert environment.kubectl("-n", namespace, "get", "secret", "postgres", "-o", "jsonpath={.data.username}")
    finally:
        environment.kubectl("delete", "namespace", namespace, "--wait=false")
