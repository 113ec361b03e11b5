"""Who may log in: the owner of the environment's variables, and the users of upstream's files in `users.d`.

Of such a file the name, the plain password and the settings of the profile count. What a user may see is not limited,
since the library runs everything as one user of its own: `grants`, `networks` and `quota` are upstream's alone.
"""

from __future__ import annotations

import ctypes
import hmac
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

USERS = Path("/etc/clickhouse-server/users.d")
_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE of <linux/prctl.h>."""


@dataclass(frozen=True)
class Account:
    """One user of the server."""

    user: str
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of its profile; each of its queries begins with them."""

    @property
    def reads_only(self) -> bool:
        """Whether it may change nothing, not even a setting."""
        return self.settings.get("readonly") == "1"

    def admits(self, user: str, password: str) -> bool:
        """Whether these are its name and password."""
        same_user = hmac.compare_digest(user.encode(), self.user.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and same_user


def hide_environment() -> None:
    """Let nobody but root read this process's variables, not even itself.

    The owner's password is one of them, and the engine's function `file` reads for anybody what this user may read.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")


def known_accounts() -> tuple[Account, ...]:
    """All of them, the owner first."""
    owner = Account(os.environ.get("CLICKHOUSE_USER") or "default", os.environ.get("CLICKHOUSE_PASSWORD", ""))
    return (owner, *(account for file in sorted(USERS.glob("*.xml")) for account in _of(file)))


def _of(file: Path) -> Iterator[Account]:
    # The file is the chart's, as trustworthy as the program.
    root = ElementTree.parse(file).getroot()  # noqa: S314
    for user in root.findall("users/*"):
        profile = root.find(f"profiles/{user.findtext('profile', 'default')}")
        settings = {one.tag: (one.text or "").strip() for one in ([] if profile is None else profile)}
        yield Account(user.tag, _password(file, user), settings)


def _password(file: Path, user: ElementTree.Element) -> str:
    found = user.find("password")
    password = "" if found is None else os.environ.get(found.get("from_env", ""), found.text or "").strip()
    if not password:
        raise SystemExit(f"{file}: user {user.tag} has no password: this image knows <password>, also with from_env")
    return password
