-- row: one a period: the month, the days it is compared with, the whole month before.
-- ties: list_cost_usd covers the same lines as cost_usd (both are known), so that they compare.
-- engine: duckdb
WITH periods AS (
  SELECT 'current' AS period, $since AS since_date, $until AS until_date
  UNION ALL
  SELECT 'compared' AS period, $compared_since AS since_date, $compared_until AS until_date
  UNION ALL
  SELECT 'previous' AS period, $previous_since AS since_date, $since AS until_date
)
SELECT
  periods.period,
  CAST(coalesce(sum(charges.cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(coalesce(sum(charges.lines), 0) AS BIGINT) AS lines,
  CAST(
    coalesce(sum(charges.unpriced_lines), 0) AS BIGINT
  ) AS unpriced_lines,
  CAST(
    coalesce(sum(charges.known_list_cost_usd), 0) AS DECIMAL(38,24)
  ) AS list_cost_usd,
  CAST(coalesce(sum(charges.cost_usd) FILTER (WHERE charges.is_provisional), 0) AS DECIMAL(38,24))
    AS provisional_cost_usd
FROM periods
LEFT JOIN period_charges AS charges
  ON charges.charge_date >= periods.since_date AND charges.charge_date < periods.until_date
GROUP BY periods.period
