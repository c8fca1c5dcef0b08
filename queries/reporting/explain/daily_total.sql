-- row: what small sums add up to for a cell of days, project, model and scope (the organization's
-- days): of closed days as they were closed, with what was corrected since.
-- engine: duckdb
WITH sums AS (
  SELECT charge_date, project_id, model, scope, cost_usd
  FROM daily_costs
  WHERE corrected_month_date IS NULL
  UNION ALL
  SELECT charge_date, project_id, model, scope, cost_usd
  FROM stored.corrections
  WHERE moved_back_at IS NULL
)

SELECT CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM sums
WHERE charge_date >= $since_date
  AND charge_date < $until_date
  AND ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
  AND ($model IS NULL OR model = $model)
  AND (NOT $is_without_model OR model IS NULL)
  AND ($scope IS NULL OR scope = $scope)
