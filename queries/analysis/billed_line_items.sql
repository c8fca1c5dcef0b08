-- question: What is charged only because the provider's costs show it, and is any of it unknown?
-- row: one line item, project and unit that no usage record shows; what is charged and what is taken
--      off apart. What the bill changes about recorded usage is in charges under its bill_cause.
-- ties: sum(cost_usd) = that of charges over the same days where pricing_status is 'billed' and
--       bill_cause is NULL or 'no_usage'.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH billed AS (
  SELECT
    coalesce(
      variant, nullif(concat_ws(', ', model, nullif(meter, 'other')), ''), 'no line item'
    ) AS line_item,
    -- kinds that are known have an operation of their own
    operation = 'costs' AND bill_cause IS NULL AS is_unknown,
    project_id, project_name, unit, quantity, cost_usd, charge_date
  FROM charges
  WHERE
    pricing_status = 'billed'
    AND (bill_cause IS NULL OR bill_cause = 'no_usage')
    AND charge_date >= $since
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
)

SELECT
  line_item,
  bool_or(is_unknown) AS is_unknown,
  project_id,
  max(project_name) AS project_name,
  unit,
  CAST(sum(quantity) AS DECIMAL(22, 6)) AS quantity,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  count(DISTINCT charge_date) AS days,
  min(charge_date) AS first_charge_date,
  max(charge_date) AS last_charge_date
FROM billed
GROUP BY line_item, project_id, unit, cost_usd < 0
ORDER BY abs(sum(cost_usd)) DESC, line_item, project_id NULLS LAST, unit
