-- question: What is charged only because the provider's costs show it, and is any of it unknown?
-- row: one line item, project and unit.
-- ties: sum(cost_usd) = that of charges over the same days where pricing_status is 'billed'.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
SELECT
  variant AS line_item,
  operation = 'costs' AS is_unknown,
  project_id,
  max(project_name) AS project_name,
  unit,
  CAST(sum(quantity) AS DECIMAL(22, 6)) AS quantity,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  count(DISTINCT charge_date) AS days,
  min(charge_date) AS first_charge_date,
  max(charge_date) AS last_charge_date
FROM charges
WHERE
  pricing_status = 'billed'
  AND charge_date >= $since
  AND charge_date < $until
  AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
GROUP BY variant, operation, project_id, unit
ORDER BY cost_usd DESC, line_item, project_id NULLS LAST, unit
