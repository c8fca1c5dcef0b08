-- row: one line item of the month that only the provider's costs show, at the provider's amount.
-- engine: duckdb
SELECT
  coalesce(variant, '') AS line_item,
  bool_or(operation = 'costs') AS is_unknown,
  unit,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  CAST(sum(cost_usd) AS DECIMAL(38,24)) AS cost_usd,
  list(DISTINCT project_id) AS project_ids,
  min(charge_date) AS first_charge_date,
  max(charge_date) AS last_charge_date
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until AND pricing_status = 'billed'
GROUP BY coalesce(variant, ''), unit
ORDER BY sum(cost_usd) DESC, coalesce(variant, ''), unit
