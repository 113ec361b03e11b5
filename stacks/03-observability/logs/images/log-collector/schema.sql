-- Made by the collector before it sends, and again where it is gone: each statement can be run any number of times.
CREATE DATABASE IF NOT EXISTS logs;

-- Who wrote a line, when and where it stood is the key: a line that is sent twice is one row, FINAL sees it at once.
CREATE TABLE IF NOT EXISTS logs.lines
(
    timestamp DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    namespace LowCardinality(String),
    pod LowCardinality(String),
    container LowCardinality(String),
    node LowCardinality(String),
    stack LowCardinality(String) COMMENT 'the label devenv.io/stack of the pod, or app.kubernetes.io/instance',
    stream LowCardinality(String) COMMENT 'stdout or stderr',
    level LowCardinality(String) COMMENT 'trace, debug, info, warning, error, fatal; empty where the line tells none',
    message String CODEC(ZSTD),
    fields Map(LowCardinality(String), String) COMMENT 'of a line that is a JSON object; deeper keys are joined by dots',
    pod_uid LowCardinality(String),
    restart UInt32 COMMENT 'how often the container was started before',
    offset UInt64 COMMENT 'where the line begins in its file'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(timestamp)
ORDER BY (timestamp, pod_uid, container, restart, offset)
TTL toDateTime(timestamp) + INTERVAL {retention} DAY
SETTINGS ttl_only_drop_parts = 1;

-- The profile may have changed since.
ALTER TABLE logs.lines MODIFY TTL toDateTime(timestamp) + INTERVAL {retention} DAY SETTINGS materialize_ttl_after_modify = 0;
