-- row: one line item of the month that only the provider's costs show, at the provider's amount;
--      what is charged and what is taken off apart.
-- engine: duckdb
SELECT
  coalesce(
    variant, nullif(concat_ws(', ', model, nullif(meter, 'other')), ''), 'no line item'
  ) AS line_item,
  bool_or(operation = 'costs' AND bill_cause IS NULL) AS is_unknown,
  unit,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  CAST(sum(cost_usd) AS DECIMAL(38,24)) AS cost_usd,
  list(DISTINCT project_id) AS project_ids,
  min(charge_date) AS first_charge_date,
  max(charge_date) AS last_charge_date
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until AND pricing_status = 'billed'
  AND (bill_cause IS NULL OR bill_cause = 'no_usage')
GROUP BY
  coalesce(
    variant, nullif(concat_ws(', ', model, nullif(meter, 'other')), ''), 'no line item'
  ),
  unit, cost_usd < 0
ORDER BY abs(sum(cost_usd)) DESC, line_item, unit
