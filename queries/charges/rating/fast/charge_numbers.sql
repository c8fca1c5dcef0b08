-- row: one charge in numbers: whose row of quantities, which meter and price, and what it comes to.
-- takes: keyed_quantities, resolved_prices. Money is NULL, not 0, where there is no price.
-- The requests of a row are on its first line.
-- engine: duckdb
{%- for meter in meters %}
SELECT
  q.quantity_id, p.price_number, CAST(q.{{ meter }} AS DECIMAL(22, 6)) AS quantity,
  CAST(CAST(q.{{ meter }} AS DECIMAL(22, 6)) * p.list_unit_price_usd AS DECIMAL(38, 24))
    AS list_cost_usd,
  CAST(CAST(q.{{ meter }} AS DECIMAL(22, 6)) * p.contracted_unit_price_usd AS DECIMAL(38, 24))
    AS cost_usd,
  CASE WHEN {{ meters[:loop.index0] | columns('q') | replace(', ', ' + ') or '0' }} = 0
    THEN q.requests ELSE 0
  END AS requests
FROM keyed_quantities AS q
INNER JOIN resolved_prices AS p ON p.price_key = q.price_key AND p.meter = '{{ meter }}'
WHERE q.{{ meter }} <> 0
{{ "UNION ALL" if not loop.last }}
{%- endfor %}
