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
[ -n "${groups# }" ] || exit 0
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
sleep 5
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
"""


class Guardian:
    """The process that outlives devenv; started with the first group that is watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        """From now on `group` is stopped when this process dies."""
        self._tell(f"add {group}\n")

    def forget(self, group: int) -> None:
        """`group` has ended."""
        self._tell(f"drop {group}\n")

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            pipe = self._process.stdin
            if pipe is None:
                raise AssertionError("a pipe was asked for")
            pipe.write(line.encode())
            pipe.flush()
