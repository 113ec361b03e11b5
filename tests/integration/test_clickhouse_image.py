"""What the image that is built here has of the contract of upstream's ClickHouse: its HTTP interface and its client."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx2
import pytest
from support.clickhouse_server import PASSWORD, READER_PASSWORD, ClickHouseContainer, clickhouse_server
from support.read_only import CHANGES, LEAKS, refusal_of

from devenv.adapters.docker import Engine

pytestmark = pytest.mark.engine
READONLY = "164"


@pytest.fixture(scope="module")
def container(engine: Engine, labels: dict[str, str]) -> Iterator[ClickHouseContainer]:
    with clickhouse_server(engine, labels) as made:
        yield made


@pytest.fixture
def http(container: ClickHouseContainer) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{container.address.port}", auth=("shop", PASSWORD), trust_env=False
    ) as client:
        yield client


def test_all_ways_to_log_in(http: httpx2.Client) -> None:
    bare = httpx2.Client(base_url=http.base_url, trust_env=False)
    assert bare.get("/ping").text == "Ok.\n"
    assert bare.post("/", content="SELECT 1").headers["X-ClickHouse-Exception-Code"] == "516"
    assert bare.post("/", params={"user": "shop", "password": PASSWORD}, content="SELECT 1").text == "1\n"
    # Headers are bytes to ClickHouse, and its users' names and passwords are in UTF-8.
    headers = {b"X-ClickHouse-User": b"shop", b"X-ClickHouse-Key": PASSWORD.encode()}
    assert bare.post("/", headers=headers, content="SELECT 1").text == "1\n"
    assert bare.post("/", headers={**headers, b"X-ClickHouse-Key": b"no"}, content="SELECT 1").status_code == 403
    assert http.post("/", content="SELECT 1").text == "1\n"


def test_formats_settings_parameters_and_databases(http: httpx2.Client) -> None:
    assert http.post("/", content="SELECT 1 AS a FORMAT JSONEachRow").json() == {"a": 1}
    asked = http.post("/", params={"default_format": "JSONCompact"}, content="SELECT 1 AS a")
    assert asked.json()["data"] == [[1]]
    assert asked.headers["X-ClickHouse-Format"] == "JSONCompact"
    assert http.post("/", params={"param_x": "it\\'s"}, content="SELECT {x:String}").text == "it\\'s\n"
    assert http.post("/", params={"max_threads": "3"}, content="SELECT getSetting('max_threads')").text == "3\n"
    assert http.post("/", params={"database": "shop"}, content="SELECT currentDatabase()").text == "shop\n"


def test_errors_have_the_servers_code_and_a_fitting_status(http: httpx2.Client) -> None:
    for statement, code, status in (
        ("SELEC 1", "62", 400),
        ("SELECT * FROM nothing", "60", 404),
        ("SELECT 1; SELECT 2", "62", 400),
        ("SELECT throwIf(1)", "395", 500),
    ):
        answer = http.post("/", content=statement)
        assert (answer.headers["X-ClickHouse-Exception-Code"], answer.status_code) == (code, status)
        assert answer.text.startswith(f"Code: {code}. DB::Exception:")


def test_a_get_can_only_read(http: httpx2.Client) -> None:
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    refused = http.get("/", params={"query": "CREATE TABLE shop.x (n UInt8) ENGINE = Log"})
    assert refused.headers["X-ClickHouse-Exception-Code"] == "164"


@pytest.fixture
def reader(http: httpx2.Client) -> Iterator[httpx2.Client]:
    """The account that can only read, beside a table with one row."""
    http.post("/", content="CREATE OR REPLACE TABLE shop.kept (n UInt32) ENGINE = MergeTree ORDER BY n")
    http.post("/", content="INSERT INTO shop.kept VALUES (7)").raise_for_status()
    with httpx2.Client(base_url=http.base_url, auth=("reader", READER_PASSWORD.encode()), trust_env=False) as client:
        yield client
    assert http.post("/", content="SELECT * FROM shop.kept").text == "7\n"
    assert http.post("/", content="EXISTS DATABASE other").text == "0\n"


@pytest.mark.parametrize("statement", CHANGES)
def test_the_reader_changes_nothing(reader: httpx2.Client, statement: str) -> None:
    assert refusal_of(reader, "POST", statement.format(table="shop.kept")) == READONLY
    assert refusal_of(reader, "GET", statement.format(table="shop.kept")) == READONLY
    assert refusal_of(reader, "POST", statement.format(table="shop.kept"), session_id="of-the-reader") == READONLY


def test_the_reader_cannot_raise_itself(reader: httpx2.Client, http: httpx2.Client) -> None:
    for settings in ({"readonly": "0"}, {"readonly": "2"}, {"max_threads": "3"}, {"async_insert": "0"}):
        assert refusal_of(reader, "POST", "SELECT 1", **settings) == READONLY
    assert http.post("/", params={"session_id": "s"}, content="SET max_threads = 3").status_code == 200
    owners = {"session_id": "s", "session_check": "1"}
    assert refusal_of(reader, "POST", "SELECT 1", **owners) == "372"  # SESSION_NOT_FOUND: it is the owner's
    assert http.post("/", params=owners, content="SELECT getSetting('max_threads')").text == "3\n"


@pytest.mark.parametrize("statement", LEAKS)
def test_the_reader_reaches_nothing_beside_the_data(reader: httpx2.Client, statement: str) -> None:
    assert refusal_of(reader, "POST", statement) != ""


def test_the_reader_reads(reader: httpx2.Client) -> None:
    assert reader.get("/", params={"query": "SELECT n FROM shop.kept"}).text == "7\n"
    asked = {"param_n": "7", "database": "shop", "output_format_json_quote_64bit_integers": "0"}
    assert reader.post(
        "/", params=asked, content="SELECT n FROM kept WHERE n = {n:UInt32} FORMAT JSONEachRow"
    ).json() == {"n": 7}
    assert reader.post("/", content="WITH 1 AS a SELECT a UNION ALL SELECT a").text == "1\n1\n"
    assert "kept" in reader.post("/", content="SHOW TABLES FROM shop").text
    assert len(reader.post("/", content="SELECT number FROM numbers(300000)").text.splitlines()) == 300000


def test_data_comes_in_in_any_format_and_encoding(http: httpx2.Client) -> None:
    http.post("/", content="CREATE OR REPLACE TABLE shop.incoming (n UInt32) ENGINE = MergeTree ORDER BY n")
    into = {"query": "INSERT INTO shop.incoming FORMAT RowBinary"}
    http.post("/", params=into, content=b"\x01\x00\x00\x00\x0a\x00\x00\x00").raise_for_status()
    http.post(
        "/", params={"query": "INSERT INTO shop.incoming FORMAT CSV"}, content=iter([b"2\n", b"3\n"])
    ).raise_for_status()
    http.post("/", content='INSERT INTO shop.incoming FORMAT JSONEachRow\n{"n": 4}').raise_for_status()
    http.post("/", content="INSERT INTO shop.incoming VALUES (5)").raise_for_status()
    named = {"query": "INSERT INTO {d:Identifier}.{t:Identifier} FORMAT TSV", "param_d": "shop", "param_t": "incoming"}
    http.post("/", params=named, content=b"6\n").raise_for_status()
    assert (
        http.post("/", content="SELECT groupArray(n) FROM (SELECT n FROM shop.incoming ORDER BY n)").text
        == "[1,2,3,4,5,6,10]\n"
    )
    bad = http.post("/", params={"query": "INSERT INTO shop.incoming FORMAT CSV"}, content=b"x\n")
    assert bad.status_code == 400
    http.post("/", content="DROP TABLE shop.incoming").raise_for_status()


def test_large_answers_come_in_pieces_and_whole(http: httpx2.Client) -> None:
    answer = http.post("/", content="SELECT number FROM numbers(300000)")
    assert "Content-Length" not in answer.headers
    assert answer.text.split() == [str(number) for number in range(300000)]


def test_a_session_keeps_what_it_has_set(http: httpx2.Client) -> None:
    session = {"session_id": uuid.uuid4().hex}
    http.post("/", params=session, content="CREATE TEMPORARY TABLE t (n UInt8)").raise_for_status()
    assert http.post("/", params=session, content="SELECT count() FROM t").text == "0\n"
    assert http.post("/", content="SELECT count() FROM t").status_code == 404
    unknown = {"session_id": "unknown", "session_check": "1"}
    assert http.post("/", params=unknown, content="SELECT 1").headers["X-ClickHouse-Exception-Code"] == "372"


def test_its_client_runs_scripts(container: ClickHouseContainer) -> None:
    assert container.client("--query", "SELECT 1; SELECT ';'", "--format", "CSV") == '1\n";"\n'
    assert container.client("--database", "shop", "--query", "SELECT currentDatabase()") == "shop\n"


def test_what_it_counts_is_told_to_prometheus_in_the_servers_names(
    container: ClickHouseContainer, http: httpx2.Client
) -> None:
    def value(name: str) -> float:
        told = httpx2.get(container.metrics, trust_env=False)
        assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        (line,) = (line for line in told.text.splitlines() if line.startswith(f"{name} "))
        return float(line.split()[1])

    before = value("ClickHouseProfileEvents_SelectQuery")
    http.post("/", content="SELECT 1").raise_for_status()
    assert value("ClickHouseProfileEvents_SelectQuery") > before
    assert value("ClickHouseMetrics_Query") >= 0
    assert value("ClickHouseProfileEvents_DelayedInserts") == 0
    assert value("ClickHouseAsyncMetrics_MemoryResident") > 50e6
    assert value("ClickHouseAsyncMetrics_NumberOfTables") > 20
    assert value("ClickHouseAsyncMetrics_TotalRowsOfMergeTreeTables") >= 0
    assert value("ClickHouseAsyncMetrics_MaxPartCountForPartition") >= 0
    assert httpx2.get(container.metrics.replace("/metrics", "/"), trust_env=False).status_code == 404
    assert http.get("/metrics").status_code == 404
