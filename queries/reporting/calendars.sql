-- row: one a place where a charge can lie: in the organization's month, in the UTC month, in both.
-- engine: duckdb
WITH placed AS (
  SELECT
    charge_date >= $since AND charge_date < $until AS is_in_own_month,
    usage_date >= $since AND usage_date < $until AS is_in_utc_month,
    cost_usd, lines, unpriced_lines
  FROM period_charges
  WHERE
    (charge_date >= $since AND charge_date < $until)
    OR (usage_date >= $since AND usage_date < $until)
)
SELECT
  is_in_own_month,
  is_in_utc_month,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(sum(lines) AS BIGINT) AS lines,
  CAST(sum(unpriced_lines) AS BIGINT) AS unpriced_lines
FROM placed
GROUP BY is_in_own_month, is_in_utc_month
