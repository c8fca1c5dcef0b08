-- row: one a source, over all files ever registered for it and not taken back.
-- engine: duckdb
SELECT
  source,
  max(kind) AS kind,
  CAST(count(*) AS BIGINT) AS files,
  CAST(count(*) FILTER (WHERE state = 'waiting') AS BIGINT) AS waiting_files,
  CAST(count(*) FILTER (WHERE state = 'unreadable') AS BIGINT) AS unreadable_files,
  CAST(count(*) FILTER (WHERE state = 'gone') AS BIGINT) AS gone_files,
  CAST(coalesce(sum(waiting_bytes), 0) AS BIGINT) AS waiting_bytes,
  CAST(coalesce(sum(rows_read), 0) AS BIGINT) AS rows_read,
  max(last_record_at) AS last_record_at
FROM input_files
WHERE state NOT IN ('replaced', 'forgotten')
GROUP BY source
ORDER BY source
