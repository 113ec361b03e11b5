"""Stops what devenv started when devenv itself is killed and cannot do it any more (`kill -9`).

One small shell reads from a pipe that only devenv holds which process groups live. When the pipe ends while
groups are left, devenv is gone, and the shell stops them. PR_SET_PDEATHSIG would be the kernel's own way, but
it fires when the *thread* that started the child ends, has to be set between fork and exec (unsafe with
threads), and does not reach grandchildren.
"""

from __future__ import annotations

import subprocess
import threading

_SCRIPT = """
groups=' '
while read -r change group; do
  case $change in
    add) groups="$groups$group " ;;
    drop)
      kept=' '
      for other in $groups; do [ "$other" = "$group" ] || kept="$kept$other "; done
      groups=$kept ;;
  esac
done
alive() {
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && return 0; done
  return 1
}
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
for tick in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
  alive || exit 0
  sleep 0.2
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
"""


class Reaper:
    """The process that outlives devenv; started with the first group that is watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()
        self._shared: tuple[int, ...] = ()

    def watch(self, group: int) -> None:
        """From now on `group` is stopped when this process dies."""
        with self._lock:
            self._groups.add(group)
            self._send(f"add {group}\n")

    def forget(self, group: int) -> None:
        with self._lock:
            self._groups.discard(group)
            self._send(f"drop {group}\n")

    def share(self, descriptor: int) -> None:
        """Keep a file or socket open until the groups have ended too, and not only this process.

        Files are handed on when a process is started: the shell of before, if any, is relieved by one that has it.
        """
        with self._lock:
            relieved, self._process, self._shared = self._process, None, (descriptor,)
            self._start()
            if relieved and relieved.stdin and relieved.poll() is None:
                relieved.stdin.write("".join(f"drop {group}\n" for group in self._groups).encode())
                relieved.stdin.close()
                relieved.wait()

    def unshare(self) -> None:
        """Nothing is to be kept open any more by shells that are still to be started."""
        with self._lock:
            self._shared = ()

    def _send(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
        else:
            self._write(line)

    def _start(self) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._shared,
        )
        self._write("".join(f"add {group}\n" for group in self._groups))

    def _write(self, text: str) -> None:
        pipe = self._process.stdin if self._process else None
        if pipe is None:
            raise AssertionError("a pipe was asked for")
        pipe.write(text.encode())
        pipe.flush()


REAPER = Reaper()
"""This process's own."""
