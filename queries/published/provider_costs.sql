-- row: one line of the provider's costs endpoint, current version.
-- engine: duckdb
SELECT
  usage_date, provider, organization_id, project_id, api_key_id, user_id, line_item,
  item.kind AS item_kind, item.model AS item_model, item.meter AS item_meter, amount, currency,
  quantity, quantity_unit, fetched_at, input_file, input_line
FROM stored.provider_costs
