"""What LocalStack hands out can be reached by who asked, and Traefik neither cuts nor changes what passes through."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from support.environment import Project
from support.loopback import answer_at, good_answer
from support.waiting import await_true

pytestmark = pytest.mark.e2e

QUEUE = "alt-events"
BUCKET = "alt-objects"
SIGNED_FOR_SQS = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


NOBODY = """
apiVersion: v1
kind: Service
metadata: {{name: nobody, namespace: default}}
spec: {{selector: {{app: nobody}}, ports: [{{port: 80}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: nobody, namespace: default}}
spec:
  ingressClassName: traefik
  rules:
    - host: {0}
      http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: nobody, port: {{number: 80}}}}}}}}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: nobody, namespace: default}}
spec: {{routes: [{{kind: Rule, match: Host(`{1}`), services: [{{name: nobody, port: 80}}]}}]}}
"""


Style = Literal["path", "virtual"]


def presigned(s3: str, style: Style, operation: str, key: str) -> str:
    client = boto3.client(
        "s3",
        endpoint_url=s3,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 -- LocalStack takes any
        config=Config(s3={"addressing_style": style}, signature_version="s3v4"),
    )
    url: str = client.generate_presigned_url(operation, Params={"Bucket": BUCKET, "Key": key})
    return url


def test_a_queue_url_answers_on_this_machine_where_it_was_asked_for(environment: Project) -> None:
    aws = environment.endpoint("aws")
    answer = good_answer(
        f"{aws}/?Action=GetQueueUrl&QueueName={QUEUE}", headers={"Authorization": SIGNED_FOR_SQS}
    ).decode()
    (url,) = re.findall(r"<QueueUrl>(.*)</QueueUrl>", answer)
    assert url.startswith(f"{aws}/")
    assert f":{QUEUE}" in good_answer(f"{url}?Action=GetQueueAttributes&AttributeName.1=QueueArn").decode()


def test_a_queue_url_answers_in_a_pod_where_it_was_asked_for(environment: Project) -> None:
    program = f"""
set -e
url=$(curl -fsS -H 'Authorization: {SIGNED_FOR_SQS}' \
  'http://localstack.localstack:4566/?Action=GetQueueUrl&QueueName={QUEUE}' \
  | sed -n 's#.*<QueueUrl>\\(.*\\)</QueueUrl>.*#\\1#p')
echo "$url"
curl -fsS "$url?Action=GetQueueAttributes&AttributeName.1=QueueArn"
"""
    reported = environment.kubectl("-n", "localstack", "exec", "deploy/localstack", "--", "sh", "-c", program)
    assert reported.startswith("http://localstack.localstack:4566/")
    assert f":{QUEUE}" in reported


@pytest.mark.parametrize("key", ["a/b.txt", "two//slashes", "per%2Fcent and blank"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_bucket_answers_in_either_style(environment: Project, style: Style, key: str) -> None:
    s3 = environment.endpoint("s3")
    good_answer(presigned(s3, style, "put_object", key), "PUT", key.encode())
    other: Style = "path" if style == "virtual" else "virtual"
    assert good_answer(presigned(s3, other, "get_object", key)) == key.encode()


def test_a_bucket_before_the_name_of_s3_is_covered_by_the_certificate(environment: Project) -> None:
    ca = environment.devenv("certificate").stdout.strip()
    context = ssl.create_default_context(cafile=ca)
    api = urlsplit(environment.endpoint("api-tls"))
    s3 = f"https://{urlsplit(environment.endpoint('s3')).hostname}:{api.port}"
    good_answer(presigned(s3, "virtual", "put_object", "over-tls"), "PUT", b"x", context=context)
    assert good_answer(presigned(s3, "path", "get_object", "over-tls"), context=context) == b"x"


def test_traefik_waits_for_a_slow_upload_as_long_as_it_takes(environment: Project) -> None:
    address = environment.endpoint("dashboard").removesuffix("/dashboard")
    found = {
        e["name"]: e["transport"]["respondingTimeouts"] for e in json.loads(good_answer(f"{address}/api/entrypoints"))
    }
    assert {found[name].get("readTimeout", "0s") for name in ("web", "websecure")} == {"0s"}


def test_where_no_pod_is_ready_the_answer_is_that_of_a_moment(environment: Project, tmp_path: Path) -> None:
    """503, which clients try again: with 404 a reset of a LocalStack failed that was too busy to seem ready."""
    dashboard = urlsplit(environment.endpoint("dashboard"))
    hosts = [f"{name}.{environment.name}.localhost" for name in ("ingress", "route")]
    (tmp_path / "nobody.yaml").write_text(NOBODY.format(*hosts))
    environment.kubectl("apply", "--filename", str(tmp_path / "nobody.yaml"))

    def status(host: str) -> int:
        return answer_at(f"http://{host}:{dashboard.port}/")[0]

    try:
        await_true(lambda: [status(host) for host in hosts] == [503, 503])
    finally:
        environment.kubectl("delete", "--filename", str(tmp_path / "nobody.yaml"))


def test_status_tells_how_names_become_known_to_the_resolver(environment: Project) -> None:
    report = environment.status()
    hosts = {urlsplit(e["url"]).hostname for e in report["endpoints"]}
    assert all(set(note.split()) >= hosts for note in report["notes"])
