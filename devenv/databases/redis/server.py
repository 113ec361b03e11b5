"""One connection to a Redis server, without reconnecting: what is bound to it (lock, database, WATCH) ends with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from redis.connection import Connection
from redis.exceptions import AuthenticationError, ExecAbortError, RedisError, ResponseError

from devenv.databases.address import Address
from devenv.databases.redis.layout import CONTROL, NEEDED
from devenv.errors import DatabaseError

Call = Sequence[str | bytes | int]
"""A command and its arguments."""
CONNECT_SECONDS = 5
_REPLY_SECONDS = 300


class Server:
    """Sends commands and returns their raw replies. A refused command raises ResponseError, all else DatabaseError."""

    def __init__(self, connection: Any, where: str) -> None:
        # redis-py annotates its connections in parts only.
        self._connection = connection
        self._where = where

    @classmethod
    def connect(cls, address: Address) -> Self:
        """Connect and select the control database; raises DatabaseError."""
        where = f"redis at {address.host}:{address.port}"
        make_connection: Any = Connection
        connection = make_connection(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=_REPLY_SECONDS,
            protocol=2,
        )
        server = cls(connection, where)
        with server._translate_errors():
            connection.connect()
        try:
            server.call("SELECT", CONTROL)
        except ResponseError as error:
            server.close()
            raise DatabaseError(
                f"{where} has too few logical databases",
                context={"cause": str(error)},
                hint=f"set `databases {NEEDED}` in its configuration, then: devenv up",
            ) from error
        return server

    def close(self) -> None:
        """End the connection; the lock goes with it."""
        self._connection.disconnect()

    def call(self, *command: str | bytes | int) -> Any:
        """The reply to one command."""
        return self.each([command])[0]

    def each(self, commands: Sequence[Call]) -> list[Any]:
        """The replies to commands that are sent together; all are run, then the first refusal is raised."""
        replies = self.attempt(commands)
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise reply
        return replies

    def attempt(self, commands: Sequence[Call]) -> list[Any]:
        """Like `each`, with refusals among the replies."""
        with self._translate_errors():
            self._connection.send_packed_command(self._connection.pack_commands(commands))
            return [self._reply() for _ in commands]

    def transaction(self, commands: Sequence[Call]) -> list[Any]:
        """The replies to commands that the server runs as one: for other clients, all or none has happened."""
        replies = self.attempt([("MULTI",), *commands, ("EXEC",)])
        refused = next((reply for reply in replies if isinstance(reply, ResponseError)), None)
        if refused is not None and (isinstance(replies[-1], ExecAbortError | ResponseError)):
            raise refused
        results: list[Any] = replies[-1]
        for result in results:
            if isinstance(result, ResponseError):
                raise result
        return results

    def _reply(self) -> Any:
        try:
            return self._connection.read_response()
        except ResponseError as error:
            return error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (AuthenticationError, ResponseError) as error:
            # Refusals of commands are returned as replies: what is raised here is about the login.
            raise self._refused(error) from error
        except (RedisError, OSError) as error:
            raise DatabaseError(
                f"{self._where} does not answer", context={"cause": str(error)}, hint="devenv status"
            ) from error

    def _refused(self, error: Exception) -> DatabaseError:
        return DatabaseError(
            f"{self._where} refuses the login",
            context={"cause": str(error)},
            hint="the password is in the stack's Secret: devenv status --credentials",
        )


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Turn the refusal of a command into a DatabaseError that says what failed."""
    try:
        yield
    except ResponseError as error:
        raise DatabaseError(f"{what} failed", context={"cause": str(error)}, hint="devenv status") from error
