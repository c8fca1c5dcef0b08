-- row: one a project, model and priced line kind, with what it was in both periods.
-- ties: sum(cost_usd) - sum(compared_cost_usd) = the change of the month's total.
-- engine: duckdb
WITH windowed AS (
  SELECT
    project_id, provider, model, scope, operation, variant, service_tier, is_batch,
    context_class, meter, unit, quantity, cost_usd,
    charge_date >= $since AND charge_date < $until AS is_current,
    charge_date >= $compared_since AND charge_date < $compared_until AS is_compared
  FROM period_charges
  WHERE
    charge_date >= $compared_since AND charge_date < $until
    AND pricing_status <> 'unpriced' AND cost_usd IS NOT NULL
)
SELECT
  project_id,
  model,
  CAST(coalesce(sum(quantity) FILTER (WHERE is_current), 0) AS DECIMAL(22,6)) AS quantity,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_current), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(coalesce(sum(quantity) FILTER (WHERE is_compared), 0) AS DECIMAL(22,6))
    AS compared_quantity,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_compared), 0) AS DECIMAL(38,24))
    AS compared_cost_usd
FROM windowed
WHERE is_current OR is_compared
GROUP BY
  project_id, provider, model, scope, operation, variant, service_tier, is_batch,
  context_class, meter, unit
ORDER BY project_id NULLS LAST, model NULLS LAST
