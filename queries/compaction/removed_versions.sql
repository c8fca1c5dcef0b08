-- row: one version of a bucket whose rows are not kept any more.
-- takes: removed_rows (provider, basis, input_file, run_id, record_id).
-- engine: duckdb
UPDATE buckets
SET is_removed = true
WHERE
  NOT is_current
  AND rowid IN (
    SELECT b.rowid
    FROM buckets AS b
    INNER JOIN removed_rows AS r
      ON r.provider = b.provider AND r.basis = b.basis AND r.input_file = b.input_file
      AND r.run_id = b.run_id AND starts_with(r.record_id, b.bucket_key || '|')
  )
