-- row: one charge as it stood at an instant: the sum of what was posted by then.
-- takes: as_of (known_at), and the published views.
-- engine: duckdb
WITH posted AS (
  SELECT
    p.usage_date, p.charge_date, p.organization_id, p.project_id, p.api_key_id, p.user_id,
    p.provider, p.model, p.scope, p.operation, p.variant, p.service_tier, p.is_batch,
    p.context_class, p.meter, CAST(sum(p.quantity) AS DECIMAL(22, 6)) AS quantity, p.unit,
    p.price_id, p.list_unit_price_usd, p.contracted_unit_price_usd,
    CAST(sum(p.list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
    CAST(sum(p.cost_usd) AS DECIMAL(38, 24)) AS cost_usd, p.pricing_status
  FROM tollbook.main.charge_postings AS p
  CROSS JOIN as_of AS a
  WHERE p.posted_at <= a.known_at
  GROUP BY
    p.usage_date, p.charge_date, p.organization_id, p.project_id, p.api_key_id, p.user_id,
    p.provider, p.model, p.scope, p.operation, p.variant, p.service_tier, p.is_batch,
    p.context_class, p.meter, p.unit, p.price_id, p.list_unit_price_usd,
    p.contracted_unit_price_usd, p.pricing_status
  HAVING sum(p.quantity) <> 0 OR coalesce(sum(p.cost_usd), 0) <> 0
    OR coalesce(sum(p.list_cost_usd), 0) <> 0
)

SELECT
  c.usage_date, c.charge_date, c.organization_id, c.project_id, p.project_name, c.api_key_id,
  c.user_id, c.provider, c.model, c.scope, c.operation, c.variant, c.service_tier, c.is_batch,
  c.context_class, c.meter, c.quantity, c.unit, c.price_id, c.list_unit_price_usd,
  c.contracted_unit_price_usd, c.list_cost_usd, c.cost_usd, c.pricing_status,
  c.usage_date >= CAST(a.known_at AS DATE) - 3 AS is_provisional
FROM posted AS c
CROSS JOIN as_of AS a
LEFT JOIN tollbook.main.projects AS p ON p.project_id = c.project_id
