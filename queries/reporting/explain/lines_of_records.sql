-- row: one charge line that one of the records in `asked_records` is part of.
-- engine: duckdb
SELECT
  r.number, c.meter, c.unit, c.context_class, c.quantity, c.price_id, c.list_unit_price_usd,
  c.contracted_unit_price_usd, c.cost_usd, c.pricing_status
FROM charges AS c
INNER JOIN asked_records AS r
  ON c.usage_date = r.usage_date
  AND c.charge_date = r.charge_date
  AND c.organization_id IS NOT DISTINCT FROM r.organization_id
  AND c.project_id IS NOT DISTINCT FROM r.project_id
  AND c.api_key_id IS NOT DISTINCT FROM r.api_key_id
  AND c.user_id IS NOT DISTINCT FROM r.user_id
  AND c.provider IS NOT DISTINCT FROM r.provider
  AND c.model IS NOT DISTINCT FROM r.model
  AND c.scope IS NOT DISTINCT FROM r.scope
  AND c.operation IS NOT DISTINCT FROM r.operation
  AND c.variant IS NOT DISTINCT FROM r.variant
  AND c.service_tier IS NOT DISTINCT FROM r.service_tier
  AND c.is_batch IS NOT DISTINCT FROM r.is_batch
WHERE c.quantity > 0
ORDER BY r.number, c.meter, c.context_class, c.price_id
