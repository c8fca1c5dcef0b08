-- row: one UTC day of an organization at a provider whose costs were fetched, with a mark of
-- their content.
-- engine: duckdb
SELECT
  provider,
  organization_id,
  CAST(started_at AS DATE) AS usage_date,
  max(fetched_at) AS fetched_at,
  string_agg(content_hash, ',' ORDER BY content_hash) AS content_mark
FROM buckets
WHERE endpoint = 'costs' AND is_current
GROUP BY provider, organization_id, CAST(started_at AS DATE)
