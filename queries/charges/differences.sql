-- row: one posting: by how much a charge differs from what is posted, and why.
-- takes: charge_lines, posted_charges, compared_days (usage_date, changed_reason): the posted days
-- that are looked at.
-- engine: any
WITH both_sides AS (
  SELECT
    usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
    scope, operation, variant, service_tier, is_batch, context_class, meter, quantity, unit,
    price_id, list_unit_price_usd, contracted_unit_price_usd, list_cost_usd, cost_usd,
    pricing_status
  FROM charge_lines
  WHERE usage_date IN (SELECT usage_date FROM compared_days)

  UNION ALL

  SELECT
    usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
    scope, operation, variant, service_tier, is_batch, context_class, meter, -quantity, unit,
    price_id, list_unit_price_usd, contracted_unit_price_usd, -list_cost_usd, -cost_usd,
    pricing_status
  FROM posted_charges
),

difference AS (
  SELECT
    usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
    scope, operation, variant, service_tier, is_batch, context_class, meter,
    CAST(sum(quantity) AS DECIMAL(22, 6)) AS quantity, unit, price_id, list_unit_price_usd,
    contracted_unit_price_usd, CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
    CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd, pricing_status
  FROM both_sides
  GROUP BY
    usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
    scope, operation, variant, service_tier, is_batch, context_class, meter, unit, price_id,
    list_unit_price_usd, contracted_unit_price_usd, pricing_status
  HAVING sum(quantity) <> 0 OR coalesce(sum(cost_usd), 0) <> 0
    OR coalesce(sum(list_cost_usd), 0) <> 0
),

moved AS (
  SELECT
    usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider, model,
    scope, operation, variant, service_tier, is_batch, context_class, meter, quantity, unit,
    price_id, list_unit_price_usd, contracted_unit_price_usd, list_cost_usd, cost_usd,
    pricing_status,
    -- the same quantity at another price nets to zero over the prices
    sum(quantity) OVER (
      PARTITION BY
        usage_date, charge_date, organization_id, project_id, api_key_id, user_id, provider,
        model, scope, operation, variant, service_tier, is_batch, meter
    ) AS net_quantity
  FROM difference
)

SELECT
  m.usage_date, m.charge_date, m.organization_id, m.project_id, m.api_key_id, m.user_id,
  m.provider, m.model, m.scope, m.operation, m.variant, m.service_tier, m.is_batch,
  m.context_class, m.meter, m.quantity, m.unit, m.price_id, m.list_unit_price_usd,
  m.contracted_unit_price_usd, m.list_cost_usd, m.cost_usd, m.pricing_status,
  CASE
    WHEN m.net_quantity = 0 AND m.pricing_status <> 'billed' THEN 'rerate'
    ELSE d.changed_reason
  END AS reason
FROM moved AS m
INNER JOIN compared_days AS d ON d.usage_date = m.usage_date
