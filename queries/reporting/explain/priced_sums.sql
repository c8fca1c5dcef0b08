-- row: the charge lines of a cell at one price, with one tier, context class and variant.
-- ties: sum(cost_usd) = that of charges over the same cell. Allowances are rows of their own.
-- engine: duckdb
SELECT
  provider, model, scope, operation, variant, service_tier, is_batch, context_class, meter, unit,
  pricing_status, bill_cause, price_id, list_unit_price_usd, contracted_unit_price_usd,
  quantity < 0 AS is_allowance,
  count(*) AS lines,
  CAST(sum(quantity) AS DECIMAL(38, 6)) AS quantity,
  CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM charges
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
  AND ($meter IS NULL OR meter = $meter)
GROUP BY
  provider, model, scope, operation, variant, service_tier, is_batch, context_class, meter, unit,
  pricing_status, bill_cause, price_id, list_unit_price_usd, contracted_unit_price_usd, quantity < 0
ORDER BY
  bill_cause IS NOT NULL, model, operation, is_batch, service_tier, context_class, variant, list_position($meters, meter),
  is_allowance, price_id, bill_cause
