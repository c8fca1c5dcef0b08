-- row: one charge: a quantity of one meter at one price, on one day with one set of dimensions.
-- takes: quantities, resolved_prices (a row for each key and meter; price_id NULL: unpriced),
-- requests_only_lines, allowance_quantities where the book grants any, billed_lines where only
-- costs show some. The requests of a row of quantities are on its first line.
-- engine: any
WITH metered AS (
{%- for meter in meters %}
  SELECT
    {{ charge_dimensions | columns }}, priced_at,
    '{{ meter }}' AS meter, '{{ units[meter] }}' AS unit,
    CAST({{ meter }} AS DECIMAL(22, 6)) AS quantity,
    -- counted once: on the first meter that occurs
    CASE WHEN {{ meters[:loop.index0] | join(' + ') or '0' }} = 0 THEN requests ELSE 0 END AS requests
  FROM quantities
  WHERE {{ meter }} <> 0
  {{ "UNION ALL" if not loop.last }}
{%- endfor %}
{%- if has_allowances %}
  UNION ALL
  SELECT
    {{ charge_dimensions | columns }}, priced_at,
    meter, unit, quantity, CAST(0 AS BIGINT) AS requests
  FROM allowance_quantities
{%- endif %}
)

SELECT
  {{ charge_dimensions | columns('m') }}, m.meter,
{%- if has_segments %}
  CAST(sum(m.quantity) AS DECIMAL(22, 6)) AS quantity,
{%- else %}
  m.quantity,
{%- endif %}
  m.unit, p.price_id, p.list_unit_price_usd, p.contracted_unit_price_usd,
{%- if has_segments %}
  CAST(sum(m.quantity * p.list_unit_price_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(sum(m.quantity * p.contracted_unit_price_usd) AS DECIMAL(38, 24)) AS cost_usd,
{%- else %}
  CAST(m.quantity * p.list_unit_price_usd AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(m.quantity * p.contracted_unit_price_usd AS DECIMAL(38, 24)) AS cost_usd,
{%- endif %}
  p.pricing_status
{%- for column, type in unrated_columns.items() %}, CAST(NULL AS {{ type }}) AS {{ column }}
{%- endfor %},
{%- if has_segments %}
  CAST(sum(m.requests) AS BIGINT) AS requests
{%- else %}
  m.requests
{%- endif %}
FROM metered AS m
INNER JOIN resolved_prices AS p
  ON p.meter = m.meter
  AND p.model_or_empty = coalesce(m.model, '')
  AND p.priced_at = m.priced_at
  AND p.provider = m.provider
  AND p.service_tier = m.service_tier
  AND p.context_class = m.context_class
  AND p.variant_or_empty = coalesce(m.variant, '')
{%- if by_project %}
  AND p.project_or_empty = coalesce(m.project_id, '')
{%- endif %}
{%- if has_segments %}
GROUP BY
  {{ charge_dimensions | columns('m') }}, m.meter, m.unit, p.price_id, p.list_unit_price_usd,
  p.contracted_unit_price_usd, p.pricing_status
{%- endif %}
UNION ALL
SELECT
  {{ charge_dimensions | columns }}, meter, quantity, unit, price_id, list_unit_price_usd,
  contracted_unit_price_usd, list_cost_usd, cost_usd, pricing_status
{%- for column in unrated_columns %}, {{ column }}{% endfor %}, requests
FROM requests_only_lines
{%- if has_billed %}
UNION ALL
SELECT
  {{ charge_dimensions | columns }}, meter, quantity, unit, price_id, list_unit_price_usd,
  contracted_unit_price_usd, list_cost_usd, cost_usd, pricing_status
{%- for column in unrated_columns %}, {{ column }}{% endfor %}, requests
FROM billed_lines
{%- endif %}
