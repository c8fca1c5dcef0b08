-- row: one allowance as a charge: a negative quantity at the same price.
-- takes: allowance_quantities, resolved_prices.
-- engine: duckdb
SELECT
  {{ charge_dimensions | columns('a') }}, a.meter, a.quantity, a.unit, p.price_id, p.list_unit_price_usd,
  p.contracted_unit_price_usd,
  CAST(a.quantity * p.list_unit_price_usd AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(a.quantity * p.contracted_unit_price_usd AS DECIMAL(38, 24)) AS cost_usd,
  p.pricing_status
{%- for column, type in unrated_columns.items() %}, CAST(NULL AS {{ type }}) AS {{ column }}
{%- endfor %}, CAST(0 AS BIGINT) AS requests
FROM allowance_quantities AS a
INNER JOIN resolved_prices AS p
  ON p.meter = a.meter
  AND p.model_or_empty = coalesce(a.model, '')
  AND p.priced_at = a.priced_at
  AND p.provider = a.provider
  AND p.service_tier = a.service_tier
  AND p.context_class = a.context_class
  AND p.variant_or_empty = coalesce(a.variant, '')
  AND p.project_or_empty = ''
