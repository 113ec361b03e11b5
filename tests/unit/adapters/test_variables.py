"""What devenv and its programs see of the user's environment."""

from __future__ import annotations

import pytest

from devenv.adapters.process import run
from devenv.adapters.process.variables import inherited, leave_behind

TRAPS = (
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_CONFIG_FILE",
    "BOTO_CONFIG",
    "PGHOST",
    "PGHOSTADDR",
    "PGSERVICE",
    "PGSSLMODE",
    "PGTZ",
    "MYSQL_HOST",
    "MYSQL_PWD",
    "REDIS_URL",
    "REDISCLI_AUTH",
    "KUBECONFIG",
    "KUBERC",
    "KUBE_EDITOR",
    "KUBECTL_KUBERC",
    "HELM_NAMESPACE",
    "HELM_KUBECONTEXT",
    "KIND_EXPERIMENTAL_PROVIDER",
    "KIND_CLUSTER_NAME",
    "DOCKER_DEFAULT_PLATFORM",
    "DOCKER_API_VERSION",
    "DOCKER_CONTENT_TRUST",
    "DOCKER_BUILDKIT",
    "BUILDX_BUILDER",
    "BUILDKIT_HOST",
    "COMPOSE_FILE",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "BASH_ENV",
    "SOURCE_DATE_EPOCH",
)
KEPT = (
    "HOME",
    "PATH",
    "LANG",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "LOCALSTACK_AUTH_TOKEN",
    "GOPROXY",
    "SSL_CERT_FILE",
    "MIRROR",
)


def test_what_is_meant_for_others_is_left_behind() -> None:
    environ = dict.fromkeys([*TRAPS, *KEPT], "x")
    leave_behind(environ)
    assert sorted(environ) == sorted(KEPT)


def test_programs_do_not_inherit_it_and_get_what_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TRAPS:
        monkeypatch.setenv(name, "trap")
    lines = run(["env"], env={"KUBECONFIG": "ours"}).stdout.splitlines()
    assert [line for line in lines if line.endswith("=trap")] == []
    assert "KUBECONFIG=ours" in lines


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_this_machine_is_exempt_from_proxies(proxy: str) -> None:
    reported = inherited(
        {proxy: "http://proxy:3128", "NO_PROXY": "intern.example, 10.0.0.0/8", "no_proxy": "intern.example"}
    )
    assert (
        reported["no_proxy"] == reported["NO_PROXY"] == "intern.example,10.0.0.0/8,localhost,.localhost,127.0.0.1,::1"
    )
    assert inherited(reported) == reported


def test_without_a_proxy_there_is_nothing_to_exempt() -> None:
    assert inherited({"PATH": "/bin", "http_proxy": ""}) == {"PATH": "/bin", "http_proxy": ""}
