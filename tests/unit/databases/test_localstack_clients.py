"""The clients of LocalStack take nothing from whoever's account they run in."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.http_server import Server

from devenv.adapters.files.paths import data_root
from devenv.localstack.program import load_program

BUCKETS = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>ours</Name></Bucket></Buckets></ListAllMyBucketsResult>"


@pytest.mark.parametrize("files", [True, False])
def test_profiles_files_and_proxies_of_the_user_are_not_asked(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, *, files: bool
) -> None:
    with Server() as server, Server() as trap:
        if files:
            (own_home / ".aws").mkdir()
            (own_home / ".aws/config").write_text(
                f"[default]\nregion = trap\nca_bundle = /trap\nendpoint_url = {trap.url}\n"
            )
            (own_home / ".aws/credentials").write_text("[default]\nnot a credential\n")
        monkeypatch.setenv("AWS_PROFILE", "missing")
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            monkeypatch.setenv(name, trap.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        server.serve("/", BUCKETS)
        aws = load_program(data_root() / "localstack-init/seed.py").Aws(server.url, "localstack.alt.localhost")
        assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == ["ours"]
        assert trap.asked == []
