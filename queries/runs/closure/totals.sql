-- row: what a month's books say: of its days, and corrections of months closed before.
-- takes: $since, $until, the month's days, half-open.
-- engine: duckdb
SELECT
  CAST(coalesce(sum(requests) FILTER (WHERE corrected_month_date IS NULL), 0) AS BIGINT) AS requests,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE corrected_month_date IS NULL), 0) AS DECIMAL(38, 24))
    AS cost_usd,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE corrected_month_date IS NOT NULL), 0) AS DECIMAL(38, 24))
    AS corrections_usd,
  CAST(
    coalesce(sum(unpriced_quantity) FILTER (WHERE corrected_month_date IS NULL), 0)
    AS DECIMAL(38, 6)
  ) AS unpriced_quantity
FROM daily_costs
WHERE charge_date >= $since AND charge_date < $until
