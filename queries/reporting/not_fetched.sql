-- row: one endpoint of a source whose newest fetch did not bring all of it.
-- Also those that the server does not have: whether that hides usage, nobody here can know.
-- engine: duckdb
WITH newest AS (
  SELECT
    source, endpoint,
    max(fetched_at) AS fetched_at,
    arg_max(outcome, fetched_at) AS outcome,
    max(known_until_at) AS known_until_at,
    arg_max(coalesce(message, ''), fetched_at) AS message,
    max(fetched_at) FILTER (WHERE outcome = 'complete') AS complete_at
  FROM fetches
  GROUP BY source, endpoint
)

SELECT
  n.source, n.endpoint, n.outcome, n.known_until_at,
  min(f.fetched_at) AS failing_since_at,
  n.message
FROM newest AS n
INNER JOIN fetches AS f
  ON f.source = n.source AND f.endpoint = n.endpoint
  AND (n.complete_at IS NULL OR f.fetched_at > n.complete_at)
WHERE
  n.outcome <> 'complete'
GROUP BY n.source, n.endpoint, n.outcome, n.known_until_at, n.message
ORDER BY n.source, n.endpoint
