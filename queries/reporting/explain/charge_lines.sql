-- row: one charge line of a cell, the dearest first; unpriced ones come before all.
-- engine: duckdb
SELECT
  usage_date, charge_date, project_id, api_key_id, user_id, model, operation, variant,
  service_tier, context_class, meter, unit, quantity, price_id, list_unit_price_usd,
  contracted_unit_price_usd, list_cost_usd, cost_usd, pricing_status
FROM charges
WHERE CASE WHEN $is_utc THEN usage_date ELSE charge_date END >= $since_date
  AND CASE WHEN $is_utc THEN usage_date ELSE charge_date END < $until_date
  AND ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
  AND ($model IS NULL OR model = $model)
  AND (NOT $is_without_model OR model IS NULL)
  AND ($scope IS NULL OR scope = $scope)
  AND ($api_key_id IS NULL OR api_key_id = $api_key_id)
  AND ($user_id IS NULL OR user_id = $user_id)
  AND ($meter IS NULL OR meter = $meter)
ORDER BY
  cost_usd DESC NULLS FIRST, quantity DESC, usage_date, charge_date, project_id, api_key_id,
  user_id, model, operation, variant, service_tier, context_class, meter, price_id
LIMIT $lines
