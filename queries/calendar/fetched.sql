-- row: one endpoint of a source that is fetched, with what of it is known without a hole. Neither
--      costs nor minutes; not what the server does not have.
-- engine: duckdb
SELECT
  source,
  endpoint,
  min(since_at) AS asked_since_at,
  arg_max(known_since_at, fetched_at) AS known_since_at,
  arg_max(known_until_at, fetched_at) AS known_until_at
FROM fetches
WHERE endpoint <> 'costs' AND NOT ends_with(endpoint, '-1m')
GROUP BY source, endpoint
HAVING max(known_until_at) IS NOT NULL OR arg_max(outcome, fetched_at) <> 'absent'
ORDER BY source, endpoint
