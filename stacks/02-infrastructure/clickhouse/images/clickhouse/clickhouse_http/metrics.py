"""What the engine counts, in Prometheus' text format, where the configuration has upstream's section `prometheus`.

Names and types are those that the server gives them: https://clickhouse.com/docs/operations/server-configuration-parameters/settings
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from clickhouse_http.engine import Engine

CONFIGURATION = Path("/etc/clickhouse-server/config.d")
_QUERY = """
SELECT concat('ClickHouseMetrics_', metric) AS name, toFloat64(value) AS value, description AS help, 'gauge' AS type
FROM system.metrics
UNION ALL SELECT concat('ClickHouseProfileEvents_', event), toFloat64(value), description, 'counter' FROM system.events
UNION ALL SELECT concat('ClickHouseAsyncMetrics_', replaceRegexpAll(metric, '[^a-zA-Z0-9_]', '_')), value, description, 'gauge'
FROM system.asynchronous_metrics
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
    return engine.ask(_QUERY).encode() + b"\n"
