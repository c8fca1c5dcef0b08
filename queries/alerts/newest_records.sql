-- row: one source that charges, and the instant of its newest record, UTC.
-- engine: duckdb
SELECT source, max(last_record_at) AS last_record_at
FROM input_files
WHERE
  list_contains(CAST($sources AS VARCHAR[]), source)
  AND last_record_at IS NOT NULL
  AND state <> 'forgotten'
GROUP BY source
ORDER BY source
