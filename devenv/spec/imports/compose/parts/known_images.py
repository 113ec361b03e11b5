"""What well-known images listen on, so that others reach them though the file says no port."""

from __future__ import annotations

from devenv.errors import ImageError
from devenv.spec.image_reference import Reference

PORTS: dict[str, tuple[int, ...]] = {
    "postgres": (5432,),
    "postgis": (5432,),
    "timescaledb": (5432,),
    "pgvector": (5432,),
    "pgbouncer": (5432,),
    "mysql": (3306,),
    "mariadb": (3306,),
    "percona": (3306,),
    "redis": (6379,),
    "redis-stack": (6379, 8001),
    "valkey": (6379,),
    "keydb": (6379,),
    "mongo": (27017,),
    "mongodb": (27017,),
    "memcached": (11211,),
    "rabbitmq": (5672, 15672),
    "nats": (4222, 8222),
    "kafka": (9092,),
    "cp-kafka": (9092,),
    "zookeeper": (2181,),
    "cp-zookeeper": (2181,),
    "elasticsearch": (9200,),
    "opensearch": (9200,),
    "kibana": (5601,),
    "clickhouse-server": (8123, 9000),
    "clickhouse": (8123, 9000),
    "meilisearch": (7700,),
    "minio": (9000, 9001),
    "mailhog": (1025, 8025),
    "mailpit": (1025, 8025),
    "maildev": (1025, 1080),
    "nginx": (80,),
    "httpd": (80,),
    "caddy": (80,),
    "grafana": (3000,),
    "prometheus": (9090,),
    "adminer": (8080,),
    "keycloak": (8080,),
    "localstack": (4566,),
    "influxdb": (8086,),
    "neo4j": (7474, 7687),
    "vault": (8200,),
    "consul": (8500,),
    "etcd": (2379,),
    "cassandra": (9042,),
}
"""By the last part of an image's name. Only where everybody who starts it has it listen there."""
TCP_PORTS = frozenset(
    {
        22,
        25,
        389,
        443,
        636,
        8443,
        1025,
        1433,
        1521,
        1883,
        2181,
        2379,
        3306,
        4222,
        5432,
        5671,
        5672,
        6379,
        7687,
        9042,
        9092,
        11211,
    }
    | {26379, 27017, 33060}
)
"""Ports on which no plain HTTP is spoken."""
GRPC_PORTS = frozenset({50051})


def image_name(reference: str) -> str:
    """The last part of an image's name: `postgres` of `docker.io/library/postgres:16`; empty for no reference."""
    try:
        return Reference.parse(reference).path.rpartition("/")[2]
    except ImageError:
        return ""


def known_ports(reference: str) -> tuple[int, ...]:
    """The ports that an image listens on; none where it is not known."""
    return PORTS.get(image_name(reference), ())
