-- row: one endpoint of one source, with the span that is fetched without a hole.
-- engine: duckdb
SELECT
  endpoint,
  arg_max(known_since_at, fetched_at) AS known_since_at,
  arg_max(known_until_at, fetched_at) AS known_until_at
FROM fetches
WHERE source = $source AND known_since_at IS NOT NULL
GROUP BY endpoint
ORDER BY endpoint
