-- row: what reports add up for a cell of days, project, model and scope (the organization's days).
-- engine: duckdb
SELECT CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM daily_costs
WHERE charge_date >= $since_date
  AND charge_date < $until_date
  AND ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
  AND ($model IS NULL OR model = $model)
  AND (NOT $is_without_model OR model IS NULL)
  AND ($scope IS NULL OR scope = $scope)
