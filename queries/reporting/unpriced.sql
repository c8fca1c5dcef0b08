-- row: one a project, model, scope, operation, tier and meter that had no price in the month.
-- engine: duckdb
SELECT
  project_id,
  model,
  scope,
  operation,
  service_tier,
  meter,
  unit,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  min(charge_date) AS first_charge_date,
  max(charge_date) AS last_charge_date
FROM period_charges
WHERE
  charge_date >= $since AND charge_date < $until
  AND pricing_status = 'unpriced' AND quantity <> 0
GROUP BY project_id, model, scope, operation, service_tier, meter, unit
ORDER BY
  model NULLS LAST, operation NULLS LAST, service_tier NULLS LAST, meter, unit,
  project_id NULLS LAST, scope NULLS LAST
