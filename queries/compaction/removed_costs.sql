-- row: one version of a bucket of costs whose lines are not kept any more.
-- takes: removed_lines (row_id).
-- engine: duckdb
UPDATE buckets
SET is_removed = true
WHERE
  NOT is_current
  AND endpoint = 'costs'
  AND (provider, bucket_key, input_file, run_id) IN (
    SELECT (c.provider, c.bucket_key, c.input_file, c.run_id)
    FROM provider_costs AS c
    WHERE c.rowid IN (SELECT row_id FROM removed_lines)
  )
