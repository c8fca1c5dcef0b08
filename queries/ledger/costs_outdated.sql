-- row: one line of provider costs of a day whose current version is another one now.
-- takes: judged_buckets.
-- engine: duckdb
UPDATE provider_costs
SET replaced_at = CAST($at AS TIMESTAMP)
WHERE
  replaced_at IS NULL
  AND (provider, bucket_key, input_file, run_id) IN (
    SELECT (b.provider, b.bucket_key, b.input_file, b.run_id)
    FROM buckets AS b
    INNER JOIN judged_buckets AS j ON j.version_id = b.rowid
    WHERE b.endpoint = 'costs'
    GROUP BY b.provider, b.bucket_key, b.input_file, b.run_id
    HAVING NOT bool_or(b.is_current)
  )
RETURNING file_id
