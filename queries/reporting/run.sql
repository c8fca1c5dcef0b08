-- row: at most one: the run that this report is made from.
-- engine: duckdb
SELECT
  run_id,
  started_at,
  finished_at,
  outcome,
  rows_read,
  accepted,
  duplicate,
  superseded,
  quarantined,
  message
FROM runs
WHERE run_id = $run_id
