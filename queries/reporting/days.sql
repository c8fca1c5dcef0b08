-- row: one a day (the organization's) and project with charges in the month.
-- ties: sum(cost_usd) = that of charges over the month.
-- engine: duckdb
SELECT
  charge_date,
  project_id,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(sum(lines) AS BIGINT) AS lines,
  CAST(sum(unpriced_lines) AS BIGINT) AS unpriced_lines,
  coalesce(bool_or(is_provisional), FALSE) AS is_provisional
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until
GROUP BY charge_date, project_id
ORDER BY charge_date, project_id NULLS LAST
