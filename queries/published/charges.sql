-- row: one meter of one model for one day, project, key, user and tier, at one price.
-- engine: duckdb
SELECT
  c.usage_date, c.charge_date, c.organization_id, c.project_id, p.project_name, c.api_key_id,
  c.user_id, c.provider, c.model, c.scope, c.operation, c.variant, c.service_tier, c.is_batch,
  c.context_class, c.meter, c.quantity, c.unit, c.price_id, c.list_unit_price_usd,
  c.contracted_unit_price_usd, c.list_cost_usd, c.cost_usd, c.pricing_status,
  c.usage_date >= f.provisional_from_date AS is_provisional
FROM {{ charge_files }} AS c
CROSS JOIN stored.snapshot AS f
LEFT JOIN stored.projects AS p ON p.project_id = c.project_id
