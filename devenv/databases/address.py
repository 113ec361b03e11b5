"""Where a database answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from devenv.spec.database_engines import ADDRESSES
from devenv.spec.stack import DatabaseEngine


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database answers on this machine, and as whom."""

    engine: DatabaseEngine
    host: str
    port: int
    name: str
    """The database; whatever the engine calls one."""
    user: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """As drivers take it: `postgresql://alt:…@127.0.0.1:5432/alt`."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return ADDRESSES[self.engine].url(login, self.host, self.port, self.name)
