"""Projects of services and databases: one that has everything, and others made at random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]
Json = dict[str, Any]

FILES = {
    "api/Dockerfile": "FROM scratch AS runtime\n",
    "api/src/main.py": "print('shop')\n",
    "worker/Dockerfile": "FROM scratch\n",
    "config/api.yaml": "level: debug\n",
    "config/rules/a.txt": "{project} stays as it is\n",
    "config/rules/more/b.txt": "b\n",
    "db/migrations/001_items.sql": "CREATE TABLE items (id int);\n",
    "db/summed/20260101_items.sql": "CREATE TABLE items (id int);\n",
    "db/summed/atlas.sum": "h1:x\n",
    "db/seeds/items.sql": "INSERT INTO items VALUES (1);\n",
    "db/flyway/V1__items.sql": "CREATE TABLE items (id int);\n",
    "db/clickhouse/001_clicks.sql": "CREATE TABLE clicks (id Int32) ENGINE = MergeTree ORDER BY id;\n",
    "db/commands/items.redis": "SET item 1\n",
    "db/streams/items.yaml": "streams: [{name: items, subjects: [items.>]}]\n",
    "seeds.yaml": "secrets:\n"
    "  - {name: shop/api, value: {token: abc, user: me}}\n"
    "  - {name: shop/key, value: abc}\n"
    "queues: [{name: shop-events}]\n"
    "topics: [{name: shop-news}]\n"
    "buckets: [{name: shop-objects}]\n"
    "tables: [{name: shop-sessions, key: {hash: [id, S]}}]\n",
}
EVERYTHING = """\
project: shop
seeds: [seeds.yaml]
services:
  api:
    build: {context: api, target: runtime}
    ports:
      http: 8080
      admin: {port: 9000, host: desk}
      feed: {port: 9090, protocol: grpc, host: feed}
      line: {port: 9999, protocol: tcp}
    health: {path: /healthz, port: admin, starts_within: 90s}
    before: [migrate]
    needs: [nats]
    command: [serve, --port, 8080]
    args: [--verbose]
    sync: [{from: src, to: /srv/src, run: [touch, /tmp/synced], restart: true}]
    env:
      LEVEL: debug
      COUNT: 3
      DATABASE_URL: {database: shop}
      DATABASE_HOST: {database: shop, key: host}
      JDBC_URL: {database: shop, key: jdbc}
      PASSWORD: {database: shop, key: password}
      CACHE_URL: {database: redis}
      TOKEN: {secret: shop/api, key: token}
      KEY: {secret: shop/key}
      QUEUE_URL: {queue: shop-events}
      TOPIC: {topic: shop-news}
      BUCKET: {bucket: shop-objects}
      TABLE: {table: shop-sessions}
      AWS: {aws: true}
      FEED: {service: feed, port: line}
    files:
      /etc/api.yaml: config/api.yaml
      /etc/rules: config/rules
      /etc/note: {text: "for {project}"}
      /run/token: {secret: shop/api, key: token}
    volumes: {/data: 1Gi, /cache: empty}
    init:
      wait: {image: "docker.io/library/busybox:1.37", command: [sh, -c, "true"]}
    sidecars:
      proxy: {build: {context: api, target: runtime}, env: {TOKEN: {secret: shop/api, key: user}}, user: 101}
    resources: {limits: {memory: 1Gi}}
    profiles:
      staging: {replicas: 3, env: {LEVEL: info, QUEUE_URL: none}, resources: {limits: {cpu: 3}}}
      prod: {command: [serve], args: []}
  feed: {build: worker, ports: {line: {port: 7000, protocol: tcp}}, host: false, user: 1000, read_only: false}
  worker: {build: worker, replicas: 2, env: {API_URL: {service: api}}, health: {exec: [test, -f, /tmp/ready]}}
  nightly: {build: worker, schedule: "0 3 * * mon-fri", sidecars: {proxy: {image: "nginx:1.27"}}}
  migrate: {build: worker, command: [migrate], deadline: 10m}
  web: {image: "nginx:1.27", port: 8080, host: www, namespace: shop-web, layer: 07-web, health: false}
databases:
  shop: {engine: postgres, version: "15", migrations: db/migrations, seeds: db/seeds}
  order-book: {engine: postgres, migrations: db/summed}
  django: {engine: postgres, migrations: {build: worker, command: [python, manage.py, migrate], env: {DEBUG: true}}}
  plain: {engine: postgres, namespace: shop-plain}
  rows: {engine: mysql, version: "8.4", migrations: db/flyway, seeds: db/seeds, name: stock, user: clerk}
  node: {engine: mysql, migrations: {build: worker, command: [npx, prisma, migrate, deploy], env: {DEBUG: true}}}
  bare: {engine: mysql, password: known}
  events: {engine: clickhouse, migrations: db/migrations, seeds: db/seeds}
  hits: {engine: clickhouse}
  cache: {engine: redis, name: "3", seeds: db/commands}
  open-cache: {engine: redis, password: false}
  bus: {engine: nats, seeds: db/streams}
  open-bus: {engine: nats, user: shop, password: false}
"""
"""Of services and databases each thing that can be written."""
SERVICES = ("api", "feed", "worker", "nightly", "migrate", "web")
DATABASES = (
    *("shop", "order-book", "django", "plain", "rows", "node", "bare"),
    *("events", "hits", "cache", "open-cache", "bus", "open-bus"),
)

NAMES = ("api", "worker", "web", "nightly", "migrate", "billing", "search")
_TEXTS = st.sampled_from(["debug", "a b", "x=1", '"quoted"', "{domain}", "$(LEVEL)", "ü", "true", "3", "# no comment"])


def write_project(root: Path, text: str) -> Path:
    """A project's folder with all that its services may name."""
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    (root / "devenv.yaml").write_text(text, encoding="utf-8")
    return root


def load(root: Path, text: str) -> Workspace:
    """Such a project with this devenv.yaml, loaded."""
    return load_workspace(write_project(root, text), data_root=REPOSITORY)


@st.composite
def projects(draw: st.DrawFn) -> Json:
    """A devenv.yaml of services and databases, all of it correct."""
    databases = draw(st.lists(st.sampled_from(["orders", "stock", "order-book"]), unique=True, max_size=3))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4))
    services: Json = {}
    for name in names:
        services[name] = draw(_services(name, services, databases))
    _give_jobs(draw, services)
    project: Json = {"project": "shop", "seeds": ["seeds.yaml"], "services": services}
    if databases:
        project["databases"] = {name: draw(_databases()) for name in databases}
    return project


def as_yaml(project: Json, draw: Any) -> str:
    """The project as somebody may have written it: long or short, with comments."""
    lines = []
    for key, value in project.items():
        if draw(st.booleans()):
            lines.append(f"# about {key}")
        flow = draw(st.sampled_from([None, False])) if isinstance(value, dict | list) else False
        lines.append(yaml.safe_dump({key: value}, default_flow_style=flow, sort_keys=False, allow_unicode=True))
    return "\n".join(lines)


def _databases() -> st.SearchStrategy[Json]:
    program = {"build": "worker", "command": ["migrate"]}
    ways: Json = {
        "postgres": ("15", ["db/migrations", "./db/summed", program], "db/seeds"),
        "mysql": ("8.4", ["db/flyway", program], "db/seeds"),
        "clickhouse": ("26.9", ["db/migrations"], "db/seeds"),
        "redis": ("7", [], "db/commands"),
        "nats": ("2.15", [], "db/streams"),
    }
    return st.one_of([_database(engine, *way) for engine, way in ways.items()])


def _database(engine: str, version: str, migrations: list[Any], seeds: str) -> st.SearchStrategy[Json]:
    optional: Json = {
        "version": st.just(version),
        "seeds": st.just(seeds),
        "namespace": st.sampled_from(["shop-data", "{namespace_prefix}-data"]),
        "password": st.sampled_from(["known", False] if engine in {"redis", "nats"} else ["known"]),
    }
    if migrations:
        optional["migrations"] = st.sampled_from(migrations)
    return st.fixed_dictionaries({"engine": st.just(engine)}, optional=optional)


def _references(services: Json, databases: list[str]) -> st.SearchStrategy[Json]:
    ways: list[st.SearchStrategy[Json]] = [
        st.sampled_from(
            [
                {"secret": "shop/api", "key": "token"},
                {"secret": "shop/key"},
                {"queue": "shop-events"},
                {"topic": "shop-news"},
                {"bucket": "shop-objects"},
                {"aws": True},
            ]
        )
    ]
    if databases:
        parts = st.sampled_from(["url", "host", "password", "name"])
        ways.append(st.fixed_dictionaries({"database": st.sampled_from(databases)}, optional={"key": parts}))
    if reached := [name for name, service in services.items() if "port" in service]:
        ways.append(st.fixed_dictionaries({"service": st.sampled_from(reached)}))
    return st.one_of(ways)


@st.composite
def _services(draw: st.DrawFn, name: str, others: Json, databases: list[str]) -> Json:
    build = st.sampled_from(["api", "worker", {"context": "api", "target": "runtime"}])
    keys = st.sampled_from(["LEVEL", "DATABASE_URL", "TOKEN", "QUEUE_URL", "OTHER"])
    env = st.dictionaries(keys, _TEXTS | _references(others, databases), max_size=4)
    words = st.lists(_TEXTS, max_size=3)
    beside = st.dictionaries(
        st.sampled_from(["proxy", "wait"]),
        st.fixed_dictionaries({"image": st.just("nginx:1.27")}, optional={"env": env, "command": words}),
        max_size=2,
    )
    changed = st.fixed_dictionaries({}, optional={"replicas": st.integers(0, 3), "env": env, "args": words})
    service: Json = draw(
        st.fixed_dictionaries(
            {"build": build},
            optional={
                "env": env,
                "command": words,
                "args": words,
                "replicas": st.integers(0, 3),
                "needs": st.lists(st.sampled_from([*others, *databases]), unique=True) if others else st.just([]),
                "files": st.dictionaries(
                    st.sampled_from(["/etc/api.yaml", "/etc/rules", "/x", "/run/token"]),
                    st.sampled_from(["config/api.yaml", "./config/rules"]) | st.builds(lambda t: {"text": t}, _TEXTS),
                    max_size=2,
                ),
                "volumes": st.dictionaries(st.sampled_from(["/data", "/cache"]), st.sampled_from(["1Gi", "empty"])),
                "resources": st.just({"requests": {"cpu": "20m"}, "limits": {"memory": "64Mi"}}),
                "sidecars": beside,
                "init": beside,
                "user": st.sampled_from([1, 1000]),
                "read_only": st.booleans(),
                "profiles": st.dictionaries(st.sampled_from(["dev", "staging", "prod"]), changed, max_size=2),
                "namespace": st.sampled_from(["shop-web", "{namespace_prefix}-web"]),
                "deadline": st.sampled_from(["90s", "5m", "10m"]),
                "port": st.integers(1, 65535),
            },
        )
    )
    if "port" in service:
        service |= draw(
            st.fixed_dictionaries(
                {}, optional={"host": st.sampled_from([False, f"{name}-site"]), "health": st.just("/healthz")}
            )
        )
    elif draw(st.booleans()):
        service["schedule"] = draw(st.sampled_from(["0 3 * * *", "@daily", "*/5 0-6 1,15 jan mon"]))
    return service


def _give_jobs(draw: Any, services: Json) -> None:
    """Have services run once before others; who refers to nobody can be one without a cycle."""
    for job, service in list(services.items())[:1]:
        plain = not {"port", "schedule", "needs", "replicas", "init", "sidecars"} & set(service)
        others = [name for name, other in services.items() if name != job and "schedule" not in other]
        if plain and others and draw(st.booleans()):
            services[draw(st.sampled_from(others))]["before"] = [job]
