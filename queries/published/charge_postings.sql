-- row: one posting of a charge; the charges are the sum of these.
-- engine: duckdb
SELECT
  c.usage_date, c.charge_date, c.organization_id, c.project_id, c.api_key_id, c.user_id,
  c.provider, c.model, c.scope, c.operation, c.variant, c.service_tier, c.is_batch,
  c.context_class, c.meter, c.quantity, c.unit, c.price_id, c.list_unit_price_usd,
  c.contracted_unit_price_usd, c.list_cost_usd, c.cost_usd, c.pricing_status,
  p.reason, p.run_id, p.posted_at
FROM {{ posting_files }} AS c
INNER JOIN stored.posting_files AS p ON p.path = c.filename
