"""A request as the HTTP interface understands it: who asks, what, with which settings."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import lz4.frame
import zstandard

from clickhouse_http.accounts import Account
from clickhouse_http.failures import (
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    INCORRECT_DATA,
    NOT_IMPLEMENTED,
    refused,
)

_NOT_SETTINGS = {
    "query", "database", "default_format", "user", "password", "quota_key", "query_id", "session_id", "session_timeout",
    "session_check", "wait_end_of_query", "buffer_size", "stacktrace", "role", "close_session", "compress", "decompress",
    "client_protocol_version", "readonly",
}  # fmt: skip
_NAME = re.compile(r"\w+")
_SESSION_SECONDS = 60.0


@dataclass(frozen=True)
class Request:
    """One query with all that goes with it."""

    account: Account
    sql: bytes
    database: str
    default_format: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    """For `{name:Type}` in the query."""
    session: str
    session_seconds: float
    session_must_exist: bool
    whole: bool
    """The answer is sent when it is complete."""


def read_request(environ: Mapping[str, Any], accounts: Sequence[Account]) -> Request:
    """Read a request; raises RefusedError when the login is wrong or something is asked that there is not."""
    parameters = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    account = _log_in(environ, parameters, accounts)
    for name in ("compress", "decompress"):
        if parameters.get(name, "0") not in ("0", "false"):
            raise refused(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"{name}=1 is not supported here")
    settings = {name: value for name, value in parameters.items() if _is_setting(name)}
    if environ["REQUEST_METHOD"] == "GET" and "readonly" not in account.settings:
        settings["readonly"] = "2"
    elif "readonly" in parameters:
        settings["readonly"] = parameters["readonly"]
    return Request(
        account=account,
        sql=b"\n".join(part for part in (parameters.get("query", "").encode(), _body(environ)) if part),
        database=parameters.get("database") or environ.get("HTTP_X_CLICKHOUSE_DATABASE", ""),
        default_format=environ.get("HTTP_X_CLICKHOUSE_FORMAT") or parameters.get("default_format") or "TabSeparated",
        settings=settings,
        parameters={n.removeprefix("param_"): v for n, v in parameters.items() if n.startswith("param_")},
        session=parameters.get("session_id", ""),
        session_seconds=_seconds(parameters.get("session_timeout")),
        session_must_exist=parameters.get("session_check") == "1",
        whole=parameters.get("wait_end_of_query", "0") in ("1", "true"),
    )


def _is_setting(name: str) -> bool:
    if name in _NOT_SETTINGS or name.startswith("param_"):
        return False
    if not _NAME.fullmatch(name):
        raise refused(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"{name!r} is no setting's name")
    return True


def _log_in(environ: Mapping[str, Any], parameters: Mapping[str, str], accounts: Sequence[Account]) -> Account:
    user, password = "default", ""
    header = environ.get("HTTP_AUTHORIZATION", "")
    if "HTTP_X_CLICKHOUSE_USER" in environ or "HTTP_X_CLICKHOUSE_KEY" in environ:
        user = _header(environ, "HTTP_X_CLICKHOUSE_USER", user)
        password = _header(environ, "HTTP_X_CLICKHOUSE_KEY", password)
    elif header[:6].lower() == "basic ":
        user, password = _basic(header[6:])
    elif parameters.get("user") or parameters.get("password"):
        user, password = parameters.get("user", user), parameters.get("password", "")
    for account in accounts:
        if account.admits(user, password):
            return account
    raise refused(
        AUTHENTICATION_FAILED,
        "AUTHENTICATION_FAILED",
        f"{user}: Authentication failed: password is incorrect, or there is no user with such name.",
    )


def _header(environ: Mapping[str, Any], name: str, default: str) -> str:
    """A header's text: WSGI has its bytes as characters of Latin-1 (PEP 3333), ClickHouse has them as UTF-8."""
    try:
        return str(environ.get(name, default)).encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise refused(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"{name} is not UTF-8") from error


def _basic(encoded: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refused(BAD_ARGUMENTS, "BAD_ARGUMENTS", "the Authorization header cannot be read") from error
    return user, password


def _seconds(text: str | None) -> float:
    if text is None:
        return _SESSION_SECONDS
    if not text.isdecimal():
        raise refused(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"session_timeout {text!r} is no number of seconds")
    return float(text)


def _body(environ: Mapping[str, Any]) -> bytes:
    sent: bytes = environ["wsgi.input"].read()
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").lower()
    try:
        match encoding:
            case "" | "identity":
                return sent
            case "gzip":
                return gzip.decompress(sent)
            case "deflate":
                return zlib.decompress(sent)
            case "lz4":
                return bytes(lz4.frame.decompress(sent))
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj().decompress(sent)
    except (OSError, EOFError, RuntimeError, zlib.error, zstandard.ZstdError) as error:
        raise refused(INCORRECT_DATA, "INCORRECT_DATA", f"the body is no valid {encoding}: {error}") from error
    raise refused(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"Content-Encoding {encoding} is not supported here")
