-- row: one charge, as charges/rating/charge_lines gives it; put together from its numbers.
-- takes: charge_numbers, quantities, resolved_prices, requests_only_lines; allowance_lines where the
-- book grants any; billed_lines where only the provider's costs show some.
-- engine: duckdb
SELECT
  {{ charge_dimensions | columns('q') }}, p.meter, n.quantity, p.unit, p.price_id, p.list_unit_price_usd,
  p.contracted_unit_price_usd, n.list_cost_usd, n.cost_usd, p.pricing_status
{%- for column, type in unrated_columns.items() %}, CAST(NULL AS {{ type }}) AS {{ column }}
{%- endfor %}, n.requests
FROM charge_numbers AS n
INNER JOIN quantities AS q ON q.rowid = n.quantity_id
INNER JOIN resolved_prices AS p ON p.price_number = n.price_number
{%- for more, is_there in [
  ("requests_only_lines", true), ("allowance_lines", has_allowances), ("billed_lines", has_billed)
] if is_there %}
UNION ALL
SELECT
  {{ charge_dimensions | columns }}, meter, quantity, unit, price_id, list_unit_price_usd,
  contracted_unit_price_usd, list_cost_usd, cost_usd, pricing_status
{%- for column in unrated_columns %}, {{ column }}{% endfor %}, requests
FROM {{ more }}
{%- endfor %}
