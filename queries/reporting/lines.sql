-- row: one a day (the organization's), project, model, scope, operation, tier and meter of the month.
-- ties: sum(cost_usd) = that of charges over the month; NULL, not 0, where nothing is priced.
SELECT
  charge_date,
  project_id,
  max(project_name) AS project_name,
  model,
  scope,
  operation,
  service_tier,
  meter,
  unit,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  CAST(coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS DECIMAL(22,6))
    AS unpriced_quantity,
  CAST(sum(list_cost_usd) AS DECIMAL(38,24)) AS list_cost_usd,
  CAST(sum(cost_usd) AS DECIMAL(38,24)) AS cost_usd,
  coalesce(bool_or(is_provisional), FALSE) AS is_provisional
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until
GROUP BY
  charge_date, project_id, model, scope, operation, service_tier, meter, unit
ORDER BY
  charge_date, project_id NULLS LAST, model NULLS LAST, scope NULLS LAST, operation NULLS LAST,
  service_tier NULLS LAST, meter, unit
