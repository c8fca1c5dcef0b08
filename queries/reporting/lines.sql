-- row: one a day (the organization's), project, model, scope, operation, tier and meter of the month.
-- ties: sum(cost_usd) = that of charges over the month; NULL, not 0, where nothing is priced.
-- engine: duckdb
WITH lines AS (
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
)

SELECT
  l.charge_date, l.project_id, l.project_name, l.model, l.scope, l.operation, l.service_tier,
  l.meter, l.unit, l.quantity, l.unpriced_quantity, l.list_cost_usd, l.cost_usd,
  l.is_provisional, c.cost_center, c.team
FROM lines AS l
LEFT JOIN cost_centers AS c
  ON c.project_id = l.project_id
  AND (c.valid_from_date IS NULL OR c.valid_from_date <= l.charge_date)
  AND (c.valid_to_date IS NULL OR c.valid_to_date > l.charge_date)
ORDER BY
  l.charge_date, l.project_id NULLS LAST, l.model NULLS LAST, l.scope NULLS LAST,
  l.operation NULLS LAST, l.service_tier NULLS LAST, l.meter, l.unit
