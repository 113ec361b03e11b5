"""In which order the seeds are applied, seen by a server that speaks as much of AWS as they ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devenv.adapters.files.paths import data_root
from devenv.localstack.program import load_program

ANSWERS = {
    "secretsmanager.GetSecretValue": b'{"SecretString": "s"}',
    "DynamoDB_20120810.DescribeTable": (
        b'{"Table": {"TableStatus": "ACTIVE", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}'
    ),
    "AmazonSQS.GetQueueUrl": b'{"QueueUrl": "http://queue"}',
    "AmazonSQS.GetQueueAttributes": b'{"Attributes": {}}',
}
SEEDS = {
    "secrets": [{"name": "one", "value": "s"}],
    "queues": [{"name": "events"}],
    "tables": [{"name": "sessions", "key": {"hash": ["id", "S"]}}],
}


@contextmanager
def aws_that_answers(before: str, after: str) -> Iterator[str]:
    """Where secrets, queues and tables are as wanted; `after` is answered only once `before` has been asked for."""
    first = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers["X-Amz-Target"]
            if target == before:
                first.set()
            known = target != after or first.wait(10)
            self.send_response(200 if known else 400)
            self.send_header("Content-Length", str(len(ANSWERS[target])))
            self.end_headers()
            self.wfile.write(ANSWERS[target])

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_tables_are_made_beside_the_rest_and_told_in_the_order_of_the_kinds() -> None:
    program: Any = load_program(data_root() / "localstack-init/seed.py")
    secrets = "secretsmanager.GetSecretValue"
    tables, queues = "DynamoDB_20120810.DescribeTable", "AmazonSQS.GetQueueUrl"
    for before, after in ((secrets, tables), (tables, queues), (queues, tables)):
        with aws_that_answers(before, after) as endpoint:
            lines = list(program.apply(program.Aws(endpoint), SEEDS))
        assert [(line["kind"], line["change"]) for line in lines] == [
            ("secret", "unchanged"),
            ("queue", "unchanged"),
            ("table", "unchanged"),
        ]
