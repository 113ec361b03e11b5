"""The worker: counts the words of new notes. Several of them may run at once."""

import os
import time

import psycopg

TAKE = "SELECT id, text FROM notes WHERE words IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"


def work(connection):
    """Count one note; tells whether there was one."""
    with connection.transaction():
        row = connection.execute(TAKE).fetchone()
        if row is None:
            return False
        number, text = row
        connection.execute("UPDATE notes SET words = %s WHERE id = %s", (len(text.split()), number))
    print(f"note {number} has {len(text.split())} words", flush=True)
    return True


if __name__ == "__main__":
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while True:
            if not work(connection):
                time.sleep(0.5)
