"""Running a request on a connection: an INSERT with data, an answer in pieces, or one as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clickhouse_http.engine import identifier, quoted
from clickhouse_http.failures import READONLY, SYNTAX_ERROR, from_engine, refused
from clickhouse_http.query import Insertion, can_be_streamed, insertion, output_format
from clickhouse_http.request import Request

_PIECE_BYTES = 4 << 20


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    format: str
    summary: str
    """For the header X-ClickHouse-Summary, JSON."""
    pieces: Iterator[bytes]
    length: int | None
    """Bytes in all; None while they are not known."""


def answer(connection: Any, request: Request) -> Answer:
    """Run a request; raises RefusedError. The pieces have to be read while the connection is lent."""
    try:
        if not request.account.reads_only and (found := insertion(request.sql)):
            return _insert(connection, request, found)
        _require_allowed(connection.classify_query(request.sql.decode(errors="replace")), request)
        answer_format = output_format(request.sql, request.default_format)
        if not request.whole and can_be_streamed(request.sql, answer_format):
            return _in_pieces(connection, request, answer_format)
        result = connection.query(request.sql, request.default_format, params=dict(request.parameters))
        return _whole(result.bytes(), result, answer_format)
    except RuntimeError as error:
        raise from_engine(error) from error


def _require_allowed(classified: dict[str, Any], request: Request) -> None:
    # `readonly` lets pass what the library does outside of the server (INTO OUTFILE), and to queries of the same user (KILL).
    if request.account.reads_only and classified["query_class"].name != "READ_ONLY":
        raise refused(
            READONLY,
            "READONLY",
            f"{request.account.user}: Cannot execute query in readonly mode. One statement that reads is expected.",
        )
    if classified["statement_count"] > 1:
        raise refused(SYNTAX_ERROR, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")


def _whole(body: bytes, result: Any, answer_format: str) -> Answer:
    return Answer(answer_format, _summary(result), iter([body] if body else []), len(body))


def _insert(connection: Any, request: Request, found: Insertion) -> Answer:
    for name, value in request.parameters.items():
        # Begun without them, an INSERT asks its session.
        connection.query(f"SET {identifier(f'param_{name}')} = {quoted(value)}", "Null")
    inserter = connection.send_insert(found.statement, found.format)
    try:
        for start in range(found.data_at, len(request.sql), _PIECE_BYTES):
            connection.insert_append(inserter, request.sql[start : start + _PIECE_BYTES])
        result = connection.insert_done(inserter)
    except RuntimeError:
        connection.insert_cancel(inserter)
        raise
    return Answer(request.default_format, _summary(result), iter(()), 0)


def _in_pieces(connection: Any, request: Request, answer_format: str) -> Answer:
    stream = connection.send_query(request.sql, request.default_format, params=dict(request.parameters))
    first = _next_piece(connection, stream)
    if first is None:
        return Answer(answer_format, "{}", iter(()), 0)
    second = _next_piece(connection, stream)
    if second is None:
        return Answer(answer_format, "{}", iter([first]), len(first))
    return Answer(answer_format, "{}", _rest(connection, stream, [first, second]), None)


def _rest(connection: Any, stream: Any, had: list[bytes]) -> Iterator[bytes]:
    ended = False
    try:
        yield from had
        while (piece := _next_piece(connection, stream)) is not None:
            yield piece
        ended = True
    except RuntimeError as error:
        # The status is sent already: as the server does, the error becomes the end of the answer.
        ended = True
        yield from_engine(error).text.encode()
    finally:
        if not ended:
            connection.streaming_cancel_query(stream)


def _next_piece(connection: Any, stream: Any) -> bytes | None:
    result = connection.streaming_fetch_result(stream)
    return None if result is None or result.rows_read() == 0 else bytes(result.bytes())


def _summary(result: Any) -> str:
    return json.dumps(
        {
            "read_rows": str(getattr(result, "storage_rows_read", lambda: 0)()),
            "read_bytes": str(getattr(result, "storage_bytes_read", lambda: 0)()),
            "written_rows": str(result.rows_written()),
            "written_bytes": str(result.bytes_written()),
            "elapsed_ns": str(int(result.elapsed() * 1e9)),
        }
    )
