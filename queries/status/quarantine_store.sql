-- row: one rejected row of this run, numbered on from the last.
INSERT INTO quarantine BY NAME
SELECT
  $next_id + row_number() OVER (ORDER BY source, input_file, input_line) - 1 AS quarantine_id,
  file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back,
  CAST($at AS TIMESTAMP) AS quarantined_at, $run_id AS run_id,
  CAST(NULL AS TIMESTAMP) AS replayed_at, CAST(NULL AS VARCHAR) AS replayed_run_id
FROM read_parquet($paths)
WHERE NOT list_contains(CAST($abandoned AS BIGINT[]), file_id)
