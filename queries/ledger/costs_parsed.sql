-- row: one line of provider costs whose line item was kept as text only.
-- takes: parsed_items (provider, line_item, quantity_unit, item).
-- engine: duckdb
UPDATE provider_costs
SET item = p.item
FROM parsed_items AS p
WHERE
  provider_costs.item IS NULL
  AND p.provider = provider_costs.provider
  AND p.line_item IS NOT DISTINCT FROM provider_costs.line_item
  AND p.quantity_unit IS NOT DISTINCT FROM provider_costs.quantity_unit
