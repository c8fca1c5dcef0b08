-- row: one a period: the month, its days that are compared, those they are compared with, the
--      whole month before.
-- ties: list prices - discount_usd + surcharge_usd = what is priced from usage.
-- engine: duckdb
WITH periods (period) AS (
  VALUES ('current'), ('comparable'), ('compared'), ('previous')
)
SELECT
  periods.period,
  CAST(coalesce(sum(charges.cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(coalesce(sum(charges.lines), 0) AS BIGINT) AS lines,
  CAST(
    coalesce(sum(charges.unpriced_lines), 0) AS BIGINT
  ) AS unpriced_lines,
  CAST(coalesce(sum(charges.discount_usd), 0) AS DECIMAL(38,24)) AS discount_usd,
  CAST(coalesce(sum(charges.surcharge_usd), 0) AS DECIMAL(38,24)) AS surcharge_usd,
  CAST(coalesce(sum(charges.cost_usd) FILTER (WHERE charges.is_provisional), 0) AS DECIMAL(38,24))
    AS provisional_cost_usd
FROM periods
LEFT JOIN period_charges AS charges
  ON CASE periods.period
    WHEN 'current' THEN charges.is_current
    WHEN 'comparable' THEN charges.is_comparable
    WHEN 'compared' THEN charges.is_compared
    ELSE charges.charge_date >= $previous_since AND charges.charge_date < $since
  END
GROUP BY periods.period
