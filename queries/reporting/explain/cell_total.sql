-- row: the charges of a cell added up, and how many of its lines are not quantity times price.
-- engine: duckdb
SELECT
  count(*) AS lines,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,  -- NULL, not 0, where nothing is priced
  CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced' AND quantity > 0), 0)
    AS DECIMAL(38, 6)) AS unpriced_quantity,
  count(*) FILTER (
    WHERE pricing_status IN ('priced', 'free')
    AND cost_usd IS DISTINCT FROM CAST(quantity * contracted_unit_price_usd AS DECIMAL(38, 24))
  ) AS misfits,
  coalesce(bool_or(is_provisional), false) AS is_provisional,
  min(usage_date) AS first_usage_date,
  max(usage_date) AS last_usage_date
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
