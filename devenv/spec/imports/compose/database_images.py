"""Images of databases that devenv has an engine for: what their variables and commands say of a database. Pure.

What devenv's own could not be in the place of is told as a reason to run the image.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from devenv.spec.imports.compose.draft import ServiceDraft, node_of, text_of
from devenv.spec.services.database import ProjectEngine
from devenv.spec.services.engine_rules import RULES
from devenv.spec.yaml.positions import KeyPath, Node

_REDIS_OPTIONS = frozenset(
    {
        *("appendonly", "appendfsync", "save", "dir", "dbfilename", "loglevel", "bind", "protected-mode"),
        *("maxmemory", "maxmemory-policy", "timeout", "tcp-keepalive", "requirepass"),
    }
)
"""Options after which applications still find what they found."""
_NATS_OPTIONS = {
    **dict.fromkeys(("js", "jetstream", "D", "DV", "debug", "V", "trace"), 0),
    **dict.fromkeys(("m", "http_port", "sd", "store_dir", "n", "name", "server_name", "user", "pass"), 1),
}
"""The same, each with how many words follow it."""
_NATS_MONITOR, _CLICKHOUSE_NATIVE = 8222, 9000


@dataclass(frozen=True, slots=True)
class Kept:
    """Why an image is run after all."""

    at: KeyPath
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """What a database of devenv.yaml is told, beside its engine and namespace."""

    keys: Mapping[str, Node]
    notes: Sequence[tuple[KeyPath, str, str]] = ()
    """What is another way with devenv's own: where it is written, what, and what holds instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A service of such an image."""

    draft: ServiceDraft
    variables: Mapping[str, Node]
    ports: Collection[int] = field(default_factory=frozenset)
    """At which others speak of it."""

    def first(self, *names: str) -> Node | None:
        """The first of these variables that is set."""
        return next((self.variables[name] for name in names if name in self.variables), None)

    @property
    def words(self) -> list[str]:
        """Of its command, without a shell around it."""
        items = [text_of(node) for node in self.draft.items("command")]
        try:
            words = items if len(items) > 1 else shlex.split(" ".join(items))
            if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-c"]):
                words = [word for word in shlex.split(" ".join(words[2:])) if word != "exec"]
        except ValueError:  # no command that a shell would take
            return items
        return words


Reader = Callable[[Asked], Described | Kept]


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An engine's image."""

    engine: ProjectEngine
    title: str
    read: Reader


def _of_postgres(asked: Asked) -> Described | Kept:
    user = asked.first("POSTGRES_USER")
    name = asked.first("POSTGRES_DB") or user
    if name is None or text_of(name) == "postgres":
        message = "the database postgres is each server's own, and cannot be reset"
        return Kept(("image",), message, "POSTGRES_DB: NAME names another one")
    source = asked.draft.find("image") or asked.draft.node
    return Described(
        _keys(name=name, user=user or node_of("postgres", source), password=asked.first("POSTGRES_PASSWORD"))
    )


def _of_mysql(asked: Asked) -> Described | Kept:
    def first(what: str) -> Node | None:
        return asked.first(f"MYSQL_{what}", f"MARIADB_{what}")

    name, user, password, root = first("DATABASE"), first("USER"), first("PASSWORD"), first("ROOT_PASSWORD")
    root = root if root and text_of(root) else None
    owned = user is not None and password is not None and text_of(password)
    if name is None or not (owned or (user is None and root)):
        message = "a database of devenv's has a name, and an owner or root with a password"
        return Kept(("image",), message, "MYSQL_DATABASE, MYSQL_USER and MYSQL_PASSWORD name them")
    return _named(
        "mysql", Described(_keys(name=name, user=user, password=password if owned else None, root_password=root))
    )


def _of_clickhouse(asked: Asked) -> Described | Kept:
    name, password = asked.first("CLICKHOUSE_DB"), asked.first("CLICKHOUSE_PASSWORD")
    user = asked.first("CLICKHOUSE_USER")
    if _CLICKHOUSE_NATIVE in asked.ports:
        return Kept(("image",), "devenv's own ClickHouse answers on 8123 alone, and others speak of 9000")
    if name is None or user is None or password is None or not text_of(password):
        message = "a database of devenv's has a name, and an owner with a password"
        return Kept(("image",), message, "CLICKHOUSE_DB, CLICKHOUSE_USER and CLICKHOUSE_PASSWORD name them")
    return _named("clickhouse", Described(_keys(name=name, user=user, password=password)))


def _of_redis(asked: Asked) -> Described | Kept:
    options, password, words = set(), "", asked.words
    words = words[1:] if words and words[0].rpartition("/")[2] in ("redis-server", "valkey-server") else words
    for index, word in enumerate(words):
        if word.startswith("--"):
            options.add(word.removeprefix("--"))
            password = words[index + 1] if word == "--requirepass" and index + 1 < len(words) else password
        elif index == 0:
            return Kept(("command",), f"devenv's own Redis does not do what {word} says")
    if unknown := sorted(options - _REDIS_OPTIONS):
        return Kept(("command",), f"devenv's own Redis has no {unknown[0]}")
    return Described(_login(asked, password))


def _of_nats(asked: Asked) -> Described | Kept:
    if _NATS_MONITOR in asked.ports:
        return Kept(("image",), "devenv's own NATS answers on 4222 alone, and others speak of 8222")
    given, rest = {}, [word for word in asked.words if word not in ("nats-server", "/nats-server")]
    while rest:
        option, _, value = rest.pop(0).partition("=")
        count = _NATS_OPTIONS.get(option.lstrip("-"))
        if count is None or not option.startswith("-"):
            return Kept(("command",), f"devenv's own NATS does not do what {option} says")
        if count and not value:
            value = rest.pop(0) if rest else ""
        given[option.lstrip("-")] = value
    user = {"user": node_of(given["user"], asked.draft.find("command") or asked.draft.node)} if "user" in given else {}
    return Described({**user, **_login(asked, given.get("pass", ""))})


def _named(engine: ProjectEngine, found: Described) -> Described | Kept:
    """The same, where the engine's rules take the names; an image is freer."""
    rules, name = RULES[engine], text_of(found.keys["name"])
    user = text_of(found.keys["user"]) if "user" in found.keys else name
    if name in rules.reserved or rules.names is None or not rules.names.fullmatch(name):
        return Kept(("image",), f"devenv's own database cannot be called {name}", f"{rules.form} can be")
    if user in rules.users:
        return Kept(("image",), f"devenv's own database cannot be {user}'s", "name another user")
    return found


def _login(asked: Asked, written: str) -> dict[str, Node]:
    """The password that a command gives, as itself or as a variable of the container's; nobody needs one without."""
    source = asked.draft.find("command") or asked.draft.node
    if written.startswith("$"):
        variable = asked.variables.get(written.strip("${}"))
        written = text_of(variable) if variable else ""
    return {"password": node_of(written or False, source)}


def _keys(**found: Node | None) -> dict[str, Node]:
    return {key: node for key, node in found.items() if node is not None}


_MYSQL = KnownImage("mysql", "MySQL", _of_mysql)
_CLICKHOUSE = KnownImage("clickhouse", "ClickHouse", _of_clickhouse)
_REDIS = KnownImage("redis", "Redis", _of_redis)
KNOWN: Mapping[str, KnownImage] = {
    "postgres": KnownImage("postgres", "PostgreSQL", _of_postgres),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "clickhouse-server": _CLICKHOUSE,
    "clickhouse": _CLICKHOUSE,
    "redis": _REDIS,
    "valkey": _REDIS,
    "nats": KnownImage("nats", "NATS", _of_nats),
}
"""By the last part of an image's name."""
