-- row: the charge lines of a cell at one price, with one tier, context class and variant.
-- ties: sum(cost_usd) = that of charges over the same cell. Allowances are rows of their own.
-- engine: duckdb
SELECT
  provider, model, scope, operation, variant, service_tier, is_batch, context_class, meter, unit,
  pricing_status, bill_cause, price_id, list_unit_price_usd, contracted_unit_price_usd,
  quantity < 0 AS is_allowance,
  count(*) AS lines,
  CAST(sum(quantity) AS DECIMAL(38, 6)) AS quantity,
  CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
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
GROUP BY
  provider, model, scope, operation, variant, service_tier, is_batch, context_class, meter, unit,
  pricing_status, bill_cause, price_id, list_unit_price_usd, contracted_unit_price_usd, quantity < 0
ORDER BY
  bill_cause IS NOT NULL, model, operation, is_batch, service_tier, context_class, variant, list_position($meters, meter),
  is_allowance, price_id, bill_cause
