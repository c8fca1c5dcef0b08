-- row: one charge line of a cell, the dearest first; unpriced ones come before all.
-- engine: duckdb
SELECT
  usage_date, charge_date, project_id, api_key_id, user_id, model, operation, variant,
  service_tier, context_class, meter, unit, quantity, price_id, list_unit_price_usd,
  contracted_unit_price_usd, list_cost_usd, cost_usd, pricing_status
FROM charges
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
  AND ($meter IS NULL OR meter = $meter)
ORDER BY
  cost_usd DESC NULLS FIRST, quantity DESC, usage_date, charge_date, project_id, api_key_id,
  user_id, model, operation, variant, service_tier, context_class, meter, price_id
LIMIT $lines
