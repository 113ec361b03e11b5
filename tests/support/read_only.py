"""What ClickHouse's account for reading must be refused."""

from __future__ import annotations

import httpx2

CHANGES = (
    "INSERT INTO {table} VALUES (1)",
    "INSERT INTO {table} FORMAT TSV\n1\n",
    "INSERT INTO {table} SELECT 1",
    "INSERT INTO FUNCTION file('/tmp/read-only', 'TSV') SELECT 1",
    "ALTER TABLE {table} ADD COLUMN more UInt8",
    "ALTER TABLE {table} DELETE WHERE 1",
    "DELETE FROM {table} WHERE 1",
    "UPDATE {table} SET n = 2 WHERE 1",
    "TRUNCATE TABLE {table}",
    "OPTIMIZE TABLE {table}",
    "DETACH TABLE {table}",
    "DROP TABLE {table}",
    "/* SELECT 1 */ DROP TABLE {table}",
    "RENAME TABLE {table} TO {table}2",
    "CREATE DATABASE other",
    "CREATE TABLE {table}2 (n UInt8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE passing (n UInt8)",
    "CREATE VIEW {table}2 AS SELECT 1",
    "CREATE FUNCTION f AS x -> x",
    "CREATE USER other",
    "GRANT ALL ON *.* TO reader",
    "SET max_threads = 1",
    "SET readonly = 0",
    "SET ROLE ALL",
    "SYSTEM STOP MERGES",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE 1",
    "BACKUP TABLE {table} TO File('read-only')",
    "SELECT 1 INTO OUTFILE '/tmp/read-only'",
    "SHOW TABLES INTO OUTFILE '/tmp/read-only'",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1; DROP TABLE {table}",
)
"""Each a statement that changes something; `{table}` has a column `n`."""
LEAKS = (
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:8123/ping', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT file('/proc/self/environ')",
    "SELECT arrayMap(file, ['/proc/1/environ'])",
)
"""Each asks for something outside of the tables."""


def refusal_of(client: httpx2.Client, method: str, statement: str, **parameters: str) -> str:
    """ClickHouse's number of the error; empty where there was none."""
    if method == "GET":
        answer = client.get("/", params={**parameters, "query": statement})
    else:
        answer = client.post("/", params=parameters, content=statement)
    return str(answer.headers.get("X-ClickHouse-Exception-Code", ""))
