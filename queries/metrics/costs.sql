-- row: one project with charges in the month, the dearest first.
-- parameters: since DATE, until DATE (of the organization's days; until no longer counts).
-- engine: duckdb
SELECT
  project_id,
  sum(cost_usd) AS cost_usd,
  sum(unpriced_quantity) AS unpriced_quantity
FROM daily_costs
WHERE charge_date >= $since AND charge_date < $until AND corrected_month_date IS NULL
GROUP BY project_id
ORDER BY cost_usd DESC NULLS FIRST, project_id NULLS LAST
