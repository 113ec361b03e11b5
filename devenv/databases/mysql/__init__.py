"""MySQL, and MariaDB, which speaks the same.

`database` says what is done, `server` and `eviction` how one statement is run, `structure` what a schema is made of,
`copies` how one is made from another and takes another's place.
"""

from devenv.databases.mysql.database import MySQL

__all__ = ["MySQL"]
