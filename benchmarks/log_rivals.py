"""What devenv's log collector is measured beside: the OpenTelemetry collector with its receiver of files.

Responsible for making it, and for running it as its documentation has it. Its ClickHouse exporter uses clickhouse-go,
whose first question the recipe's server does not answer: `otel_collector/clickhouse_front.py` does so between the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi
from docker.models.containers import Container
from machine import golang
from support.clickhouse_server import PASSWORD, ClickHouseContainer

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.host.trust import observe_proxies, observe_trust
from devenv.images.build.build import CA_SECRET

HERE = Path(__file__).resolve().parent / "otel_collector"
LABELS = {"devenv.io/benchmark": "logs"}
BUILDER_VERSION, CONTRIB_VERSION = "v0.165.0", "v0.165.1"
TABLE = "otel.otel_logs"
_IMAGE = f"localhost/devenv-bench/otelcol:{CONTRIB_VERSION}"


def provide_rival(engine: Engine) -> str:
    """The collector's image, built unless it is there."""
    if not engine.client.images.list(name=_IMAGE):
        args = {**observe_proxies().variables(), "GOLANG": golang(engine), "BUILDER_VERSION": BUILDER_VERSION}
        secrets = {CA_SECRET: observe_trust().bundle or Path(certifi.where())}
        engine.builds.run(BuildRequest(_IMAGE, HERE / "Dockerfile", HERE, args=args, secrets=secrets, labels=LABELS))
    return _IMAGE


@contextmanager
def front(engine: Engine, server: ClickHouseContainer, image: str, cores: str) -> Iterator[None]:
    """What answers the driver's first question, at the name `front` in the server's network."""
    program = HERE / "clickhouse_front.py"
    container = engine.client.containers.create(
        image,
        ["/front.py", server.name],
        entrypoint="/opt/clickhouse/bin/python",
        volumes=[f"{program}:/front.py:ro"],
        cpuset_cpus=cores,
        labels=LABELS,
    )
    try:
        engine.client.networks.get(server.network).connect(container, aliases=["front"])
        container.start()
        yield
    finally:
        container.remove(force=True)


def rival(engine: Engine, server: ClickHouseContainer, logs: Path, core: str) -> Container:
    """The collector over a folder of logs, not started."""
    return engine.client.containers.create(
        provide_rival(engine),
        environment={"CLICKHOUSE_USER": "shop", "CLICKHOUSE_PASSWORD": PASSWORD},
        volumes=[f"{logs}:/var/log/pods:ro", f"{HERE / 'config.yaml'}:/etc/otelcol/config.yaml:ro"],
        network=server.network,
        cpuset_cpus=core,
        labels=LABELS,
    )
