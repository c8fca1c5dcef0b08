-- row: the last day with charges of a cell before it begins, and the first one after it.
-- engine: duckdb
SELECT
  max(day_date) FILTER (WHERE day_date < $since_date) AS before_date,
  min(day_date) FILTER (WHERE day_date >= $until_date) AS after_date
FROM (
  SELECT DISTINCT CASE WHEN $is_utc THEN usage_date ELSE charge_date END AS day_date
  FROM charges
  WHERE ($project_id IS NULL OR project_id = $project_id)
    AND (NOT $is_without_project OR project_id IS NULL)
    AND ($model IS NULL OR model = $model)
    AND (NOT $is_without_model OR model IS NULL)
    AND ($scope IS NULL OR scope = $scope)
    AND ($api_key_id IS NULL OR api_key_id = $api_key_id)
    AND ($user_id IS NULL OR user_id = $user_id)
    AND ($meter IS NULL OR meter = $meter)
) AS days
