"""MySQL, and MariaDB, which speaks the same: resets by one RENAME TABLE, snapshots and clones by copies."""
