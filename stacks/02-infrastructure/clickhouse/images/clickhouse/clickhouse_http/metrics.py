"""What the engine counts, in Prometheus' text format, where the configuration has upstream's section `prometheus`.

Names and types are those that the server gives them: https://clickhouse.com/docs/operations/server-configuration-parameters/settings
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from clickhouse_http.engine import Engine

CONFIGURATION = Path("/etc/clickhouse-server/config.d")
# The library has no `system.asynchronous_metrics`: what the server's own dashboards ask of them is counted when asked.
_QUERY = """
SELECT concat('ClickHouseMetrics_', metric) AS name, toFloat64(value) AS value, description AS help, 'gauge' AS type
FROM system.metrics
UNION ALL SELECT concat('ClickHouseProfileEvents_', event), toFloat64(value), description, 'counter' FROM system.events
UNION ALL SELECT concat('ClickHouseAsyncMetrics_', counted.1), counted.2, counted.3, 'gauge' FROM (
    SELECT arrayJoin([
        ('Uptime', toFloat64(uptime()), 'Seconds since the start.'),
        ('MemoryResident', {resident}, 'Bytes of memory that the process has.'),
        ('NumberOfDatabases', toFloat64(assumeNotNull((SELECT count() FROM system.databases))), 'Databases.'),
        ('NumberOfTables', toFloat64(assumeNotNull((SELECT count() FROM system.tables))), 'Tables of all databases.'),
        ('TotalPartsOfMergeTreeTables', parts, 'Active parts of MergeTree tables.'),
        ('TotalRowsOfMergeTreeTables', rows, 'Rows of MergeTree tables.'),
        ('TotalBytesOfMergeTreeTables', bytes, 'Bytes of MergeTree tables on disk.'),
        ('MaxPartCountForPartition', most, 'Active parts of the partition that has most.')
    ]) AS counted FROM (
        SELECT toFloat64(sum(n)) AS parts, toFloat64(sum(r)) AS rows, toFloat64(sum(b)) AS bytes, toFloat64(max(n)) AS most
        FROM (SELECT count() AS n, sum(rows) AS r, sum(bytes_on_disk) AS b FROM system.parts WHERE active GROUP BY table, database, partition)
    )
)
SETTINGS system_events_show_zero_values = 1
FORMAT Prometheus
"""


@dataclass(frozen=True)
class MetricsEndpoint:
    """Where they are asked for; nobody logs in there."""

    port: int
    path: str

    @classmethod
    def configured(cls) -> MetricsEndpoint | None:
        """As the first file says that has the section; None where none has."""
        for file in sorted(CONFIGURATION.glob("*.xml")):
            # The file is the chart's, as trustworthy as the program.
            section = ElementTree.parse(file).getroot().find("prometheus")  # noqa: S314
            if section is not None:
                return cls(int(section.findtext("port", "9363")), section.findtext("endpoint", "/metrics"))
        return None


def metrics(engine: Engine) -> bytes:
    """All of them, as they are now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return engine.ask(_QUERY.format(resident=float(pages * os.sysconf("SC_PAGE_SIZE")))).encode() + b"\n"
