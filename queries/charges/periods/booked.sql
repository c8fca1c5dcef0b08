-- row: one closed month for which a run booked corrections, and the open month that has them.
-- engine: duckdb
SELECT
  CAST(date_trunc('month', charge_date) AS DATE) AS closed_month_date,
  CAST(date_trunc('month', booked_date) AS DATE) AS booked_month_date,
  count(*) AS rows,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38, 24)) AS cost_usd
FROM corrections
WHERE run_id = $run_id AND moved_back_at IS NULL
GROUP BY ALL
ORDER BY ALL
