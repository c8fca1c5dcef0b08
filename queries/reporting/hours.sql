-- row: one hour of the month with usage that is only known as an hourly bucket.
-- engine: duckdb
SELECT
  started_at,
  ended_at,
  CAST(sum(requests) AS BIGINT) AS requests
FROM usage
WHERE
  usage_date >= $usage_since AND usage_date < $usage_until
  AND charge_date >= $since AND charge_date < $until
  AND basis = 'charge'
  AND ended_at = started_at + INTERVAL 1 HOUR
GROUP BY started_at, ended_at
ORDER BY started_at
