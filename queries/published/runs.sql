-- row: one run.
-- engine: duckdb
SELECT
  run_id, verb, started_at, finished_at, now_at, outcome, rows_read, accepted, duplicate,
  superseded, quarantined, not_usage, message, tollbook_version
FROM stored.runs
