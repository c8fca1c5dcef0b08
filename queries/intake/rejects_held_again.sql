-- row: one rejected row that was dropped and is held back now, numbered on from the last.
-- engine: duckdb
INSERT INTO quarantine BY NAME
WITH dated AS (
  SELECT
    file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back, run_id,
    try_cast(
      CASE WHEN json_valid(raw) THEN coalesce(raw ->> '$.created', raw ->> '$.created_at') END
      AS BIGINT
    ) AS created
  FROM dropped_rejects
  WHERE list_contains(CAST($dropped AS BIGINT[]), rowid)
)

SELECT
  $next_id + row_number() OVER (ORDER BY source, input_file, input_line) - 1 AS quarantine_id,
  file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back,
  -- a time outside 2020 to 2100 is why it was rejected, not when it was used
  CASE
    WHEN created BETWEEN 1577836800 AND 4102444800
      THEN CAST(make_timestamp(created * 1000000) AS DATE)
  END AS usage_date,
  CAST($at AS TIMESTAMP) AS quarantined_at, run_id,
  CAST(NULL AS TIMESTAMP) AS replayed_at, CAST(NULL AS VARCHAR) AS replayed_run_id
FROM dated
