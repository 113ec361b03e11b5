"""An environment full of traps: every variable and file that a client may read and that is meant for other things."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_VARIABLES = (
    "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ACCESS_KEY_ID"
    " AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_CA_BUNDLE BOTO_CONFIG"
    " PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGSSLMODE PGSSLROOTCERT PGTZ"
    " PGOPTIONS PGCLIENTENCODING PGCHANNELBINDING PGTARGETSESSIONATTRS MYSQL_HOST MYSQL_TCP_PORT MYSQL_PWD REDIS_URL"
    " REDISCLI_AUTH KUBECONFIG KUBERC KUBE_CONTEXT KUBERNETES_SERVICE_HOST HELM_NAMESPACE HELM_KUBECONTEXT"
    " HELM_KUBEAPISERVER HELM_KUBETOKEN HELM_DRIVER HELM_PLUGINS HELM_REPOSITORY_CONFIG HELM_MAX_HISTORY"
    " KIND_EXPERIMENTAL_PROVIDER KIND_EXPERIMENTAL_DOCKER_NETWORK KIND_CLUSTER_NAME DOCKER_API_VERSION"
    " DOCKER_DEFAULT_PLATFORM DOCKER_CONTENT_TRUST DOCKER_BUILDKIT BUILDX_BUILDER BUILDX_CONFIG BUILDKIT_HOST"
    " COMPOSE_FILE GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE BASH_ENV"
)


@dataclass(frozen=True)
class Traps:
    """What a process is given, and who called the address that its proxies and endpoints name."""

    variables: Mapping[str, str]
    calls: list[bytes]


@contextmanager
def trapped(home: Path) -> Iterator[Traps]:
    """Fill a home folder; the variables name it, and an address that remembers who calls and hangs up."""
    with _listening() as (address, calls):
        _fill(home, address)
        proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), f"http://{address}")
        proxies |= dict.fromkeys(("all_proxy", "ALL_PROXY"), f"socks5://{address}")
        endpoints = dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"), f"http://{address}")
        variables = {**dict.fromkeys(_VARIABLES.split(), "trap"), **proxies, **endpoints}
        yield Traps({**variables, "NO_PROXY": "", "no_proxy": "", "HOME": str(home)}, calls)


@contextmanager
def _listening() -> Iterator[tuple[str, list[bytes]]]:
    """The address of something that remembers who calls and hangs up."""
    calls: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            calls.append(self.request.recv(4096))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", calls
        server.shutdown()


def _fill(home: Path, address: str) -> None:
    """Files in a home folder that clients read unless they are told not to."""
    files = {
        ".aws/config": f"[default]\nregion = trap\nendpoint_url = http://{address}\n",
        ".aws/credentials": "[default]\nnot a credential\n",
        ".pgpass": "*:*:*:*:trap\n",
        ".pg_service.conf": "[trap]\nhost=trap\n",
        ".my.cnf": "[client]\nhost=trap\npassword=trap\n",
        ".netrc": "machine 127.0.0.1 login trap password trap\nmachine localhost login trap password trap\n",
        ".kube/config": json.dumps({"clusters": [{"name": "t", "cluster": {"server": f"https://{address}"}}]}),
        ".kube/kuberc": "trap",
        ".config/helm/repositories.yaml": "trap",
        ".config/pip/pip.conf": "trap",
        ".redisclirc": "trap",
    }
    for name, text in files.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
