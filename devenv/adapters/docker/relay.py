"""A port of the engine's own loopback whose connections come to this machine: for engines that do not reach its own.

The program that listens there runs in a container in the engine's network. Its input and output are one connection of
this process to the engine, so that it ends with this process, however that ends. Connections travel over it in frames:
the number of the connection and the length of what follows, each four bytes, where no length is the end of a direction.
Responsible for the bytes; what is said over a connection, and to whom, is its user's concern.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import docker
from docker.errors import DockerException, NotFound
from docker.types import LogConfig
from docker.utils.socket import frames_iter
from requests.exceptions import RequestException

from devenv.adapters.docker.connection import translate_errors
from devenv.errors import ImageError
from devenv.labels import LABEL_RELAY

_FRAME = struct.Struct(">II")
_CHUNK = 1 << 16
_STDERR = 2
_START_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_PROGRAM = r"""
use strict; use IO::Socket::INET; use IO::Select;
$SIG{PIPE} = "IGNORE";
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 64, ReuseAddr => 1)
  or die "port $ARGV[0]: $!\n";
my $watched = IO::Select->new(\*STDIN, $server);
my ($last, %socket, %number, %halves) = (0);
sub put {
  my ($number, $data) = @_;
  my $frame = pack("NN", $number, length $data) . $data;
  for (my $at = 0; $at < length $frame;) { $at += syswrite(STDOUT, $frame, length($frame) - $at, $at) || exit }
}
sub get {
  my ($length, $data) = ($_[0], "");
  while (length $data < $length) { sysread(STDIN, $data, $length - length $data, length $data) or exit }
  return $data;
}
sub half {
  my $number = $_[0];
  return if ++$halves{$number} < 2;
  my $over = delete $socket{$number};
  delete $number{$over}; delete $halves{$number}; close $over;
}
put(0, "ready");
while (my @ready = $watched->can_read) {
  for my $from (@ready) {
    if ($from == $server) {
      my $connection = $server->accept or next;
      $socket{++$last} = $connection; $number{$connection} = $last; $watched->add($connection);
    } elsif ($from == \*STDIN) {
      my ($number, $length) = unpack "NN", get(8);
      my $data = get($length);
      my $to = $socket{$number} or next;
      if (not $length) { shutdown $to, 1; half($number); next }
      for (my $at = 0; $at < $length;) { my $sent = syswrite($to, $data, $length - $at, $at) or last; $at += $sent }
    } else {
      my $number = $number{$from} or next;
      if (sysread $from, my $data, 65536) { put($number, $data); next }
      $watched->remove($from); put($number, ""); half($number);
    }
  }
}
"""
"""For the Perl that every Debian has (`perl-base` is essential there), as kind's node images are made from it."""


class LoopbackRelay:
    """A port of the engine's loopback; it is there until `close`, or until this process ends."""

    def __init__(
        self, client: docker.DockerClient, image: str, port: int, labels: Mapping[str, str], here: Callable[[], int]
    ) -> None:
        """Listen on a port there, by a container of an image that has Perl.

        `here` says at which port of this machine's loopback a connection is to arrive; 0 is nowhere.

        Raises:
            ImageError: the engine does not start the container, or its program does not listen.
        """
        self.port = port
        self._api = client.api
        self._here = here
        self._writing = threading.Lock()
        self._connections: dict[int, socket.socket] = {}
        self._half_closed: set[int] = set()
        self._changing = threading.Lock()
        self._answered = threading.Event()
        self._listens = False
        self._words = b""
        with translate_errors("have a container listen on the engine's loopback", ImageError):
            self._container = self._create(image, labels)
            self._attached = self._attach()
        threading.Thread(target=self._read, name="relay of the engine's loopback", daemon=True).start()
        self._answered.wait(_START_SECONDS)
        if not self._listens:
            self.close()
            cause = self._words.decode(errors="replace").strip() or "it gave no answer"
            raise ImageError("nothing listens on the engine's loopback", context={"cause": cause})

    @property
    def is_over(self) -> bool:
        """Whether the container has ended, and a new relay is to be made."""
        return not self._listens

    def close(self) -> None:
        """End it; connections that are open are closed."""
        self._listens = False
        with contextlib.suppress(OSError):  # the engine has closed it by itself
            self._connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(NotFound, DockerException, RequestException):  # it ends by itself with its input
            self._api.remove_container(self._container, force=True)

    def _create(self, image: str, labels: Mapping[str, str]) -> str:
        api = self._api
        bounds = api.create_host_config(
            auto_remove=True,
            network_mode="host",
            log_config=LogConfig(type=LogConfig.types.NONE),
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
        )
        created = api.create_container(
            image,
            entrypoint=["perl", "-e", _PROGRAM],
            command=[str(self.port)],
            labels={**labels, LABEL_RELAY: str(self.port)},
            host_config=bounds,
            user="65534",
            stdin_open=True,  # and closed for good when whoever is attached first goes away
            stop_signal="SIGKILL",
        )
        return str(created["Id"])

    def _attach(self) -> Any:
        attached = self._api.attach_socket(self._container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        self._connection = getattr(attached, "_sock", attached)
        self._connection.settimeout(None)
        self._api.start(self._container)
        return attached

    def _read(self) -> None:
        try:
            for number, data in _frames(self._output()):
                if number == 0:
                    self._listens = True
                    self._answered.set()
                else:
                    self._pass_on(number, data)
        except (OSError, RequestException):
            pass  # a reset is an end too
        finally:
            self._listens = False
            self._answered.set()
            for connection in list(self._connections.values()):
                _close(connection)
            self._attached.close()

    def _output(self) -> Iterator[bytes]:
        for stream, chunk in frames_iter(self._connection, tty=False):  # type: ignore[no-untyped-call]
            if stream == _STDERR:
                self._words += chunk
            else:
                yield chunk

    def _pass_on(self, number: int, data: bytes) -> None:
        connection = self._connections.get(number)
        if connection is None:
            connection = self._connections[number] = self._connect(number)
        with contextlib.suppress(OSError):  # it is over here, and that is told there by the end of the answer
            if data:
                connection.sendall(data)
            else:
                connection.shutdown(socket.SHUT_WR)
        if not data:
            self._close_half(number)

    def _connect(self, number: int) -> socket.socket:
        """The connection here that belongs to one there; a closed one where nobody is to be reached."""
        connection = socket.socket()
        try:
            connection.settimeout(_CONNECT_SECONDS)
            connection.connect(("127.0.0.1", self._here()))
            connection.settimeout(None)
        except OSError:
            connection.close()
        threading.Thread(target=self._answer, args=(number, connection), name="relayed answer", daemon=True).start()
        return connection

    def _answer(self, number: int, connection: socket.socket) -> None:
        try:
            while data := connection.recv(_CHUNK):
                self._write(number, data)
        except OSError:
            pass  # closed or reset: its end is told all the same
        finally:
            with contextlib.suppress(OSError):  # then the relay is over, and so is the connection there
                self._write(number, b"")
            self._close_half(number)

    def _close_half(self, number: int) -> None:
        """One direction is over; with the second the connection is."""
        with self._changing:
            if number in self._half_closed:
                self._half_closed.remove(number)
                self._connections.pop(number).close()
            else:
                self._half_closed.add(number)

    def _write(self, number: int, data: bytes) -> None:
        with self._writing:
            self._connection.sendall(_FRAME.pack(number, len(data)) + data)


def _frames(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Whole frames out of bytes that come in pieces."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _FRAME.size:
            number, length = _FRAME.unpack_from(buffer)
            if len(buffer) < _FRAME.size + length:
                break
            yield number, bytes(buffer[_FRAME.size : _FRAME.size + length])
            del buffer[: _FRAME.size + length]


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
