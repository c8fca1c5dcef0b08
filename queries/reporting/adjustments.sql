-- row: one a reason why the month's charges moved after they were first posted.
-- engine: duckdb
SELECT
  reason,
  CAST(count(*) AS BIGINT) AS postings,
  CAST(count(DISTINCT charge_date) AS BIGINT) AS days,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  max(posted_at) AS last_posted_at
FROM charge_postings
WHERE charge_date >= $since AND charge_date < $until AND reason <> 'usage'
GROUP BY reason
ORDER BY reason
