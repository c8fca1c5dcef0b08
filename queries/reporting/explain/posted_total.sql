-- row: the postings of a cell added up, and how many there are (a run and reason is one).
-- engine: duckdb
SELECT
  count(DISTINCT run_id || reason) AS postings,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM charge_postings
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
