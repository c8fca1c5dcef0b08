-- row: one charge, as charges/charge_lines gives it; put together from its numbers.
-- takes: charge_numbers, quantities, resolved_prices; allowance_lines where the book grants any;
-- billed_lines where only the provider's costs show some.
-- engine: duckdb
SELECT
  q.usage_date, q.charge_date, q.organization_id, q.project_id, q.api_key_id, q.user_id,
  q.provider, q.model, q.scope, q.operation, q.variant, q.service_tier, q.is_batch,
  q.context_class, p.meter, n.quantity, p.unit, p.price_id, p.list_unit_price_usd,
  p.contracted_unit_price_usd, n.list_cost_usd, n.cost_usd, p.pricing_status
FROM charge_numbers AS n
INNER JOIN quantities AS q ON q.rowid = n.quantity_id
INNER JOIN resolved_prices AS p ON p.price_number = n.price_number
{%- for more, is_there in [("allowance_lines", has_allowances), ("billed_lines", has_billed)]
  if is_there %}
UNION ALL
SELECT
  usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
  scope, operation, variant, service_tier, is_batch, context_class, meter, quantity, unit,
  price_id, list_unit_price_usd, contracted_unit_price_usd, list_cost_usd, cost_usd,
  pricing_status
FROM {{ more }}
{%- endfor %}
