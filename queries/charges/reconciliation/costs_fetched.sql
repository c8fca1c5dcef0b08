-- row: one UTC day of an organization whose costs were fetched, with a mark of what they say.
-- engine: duckdb
SELECT
  organization_id,
  CAST(started_at AS DATE) AS usage_date,
  max(fetched_at) AS fetched_at,
  string_agg(content_hash, ',' ORDER BY content_hash) AS content_mark
FROM buckets
WHERE endpoint = 'costs' AND is_current
GROUP BY organization_id, CAST(started_at AS DATE)
