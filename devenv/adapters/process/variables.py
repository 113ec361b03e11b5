"""Which variables of the user's environment devenv's libraries and the programs that it starts get to see.

What is meant for the user's other clusters, accounts and servers is left behind, and this machine is never reached
through a proxy. Of Docker's variables those stay that say where the engine is and who asks it. Files in the home folder
that such variables stand for are the concern of each client.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_FOREIGN = re.compile(
    "(AWS_|BOTO|BUILDKIT_|BUILDX_|COMPOSE_|DOCKER_|GIT_|HELM_|KIND_|KUBE|MYSQL_|PG|REDIS).*"
    # A shell runs the first one's file before a script; builders date files by the second.
    "|BASH_ENV|SOURCE_DATE_EPOCH"
)
_GIVEN = Path("/proc/self/environ")
"""The kernel's view: what the process was started with, see proc_pid_environ(5)."""
_ENGINE = frozenset({"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"})
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_THIS_MACHINE = ("localhost", ".localhost", "127.0.0.1", "::1")


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without what is meant for others, and with this machine exempt from proxies."""
    kept = {name: value for name, value in environ.items() if not _is_foreign(name)}
    if any(kept.get(name) or kept.get(name.upper()) for name in _PROXIES):
        listed = f"{kept.get('no_proxy', '')},{kept.get('NO_PROXY', '')}".split(",")
        exempt = ",".join(dict.fromkeys([*(host.strip() for host in listed if host.strip()), *_THIS_MACHINE]))
        kept |= {"no_proxy": exempt, "NO_PROXY": exempt}  # some programs read only the one, some only the other
    return kept


def leave_behind(environ: MutableMapping[str, str] = os.environ) -> None:
    """Make this process's environment what `inherited` says: libraries in it look there, and cannot all be told not to.

    For the program's start only: whoever uses devenv as a library keeps an environment of their own.
    """
    kept = inherited(environ)
    for name in [name for name in environ if name not in kept]:
        del environ[name]
    environ.update(kept)


def as_started() -> dict[str, str]:
    """The environment that this process was given, before it was made what it is; as it is now where nobody kept it."""
    try:
        entries = _GIVEN.read_bytes().split(b"\0")
    except OSError:
        return dict(os.environ)
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}


def _is_foreign(name: str) -> bool:
    return name not in _ENGINE and _FOREIGN.fullmatch(name) is not None
