-- row: the versions of usage records of a cell that no longer count, for one reason.
-- engine: duckdb
SELECT
  replaced_reason, count(*) AS versions, min(replaced_at) AS first_replaced_at,
  max(replaced_at) AS last_replaced_at
FROM usage_versions
WHERE basis = 'charge'
  AND CASE WHEN $is_utc THEN usage_date ELSE charge_date END >= $since_date
  AND CASE WHEN $is_utc THEN usage_date ELSE charge_date END < $until_date
  AND ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
  AND ($model IS NULL OR model = $model)
  AND (NOT $is_without_model OR model IS NULL)
  AND ($scope IS NULL OR scope = $scope)
  AND ($api_key_id IS NULL OR api_key_id = $api_key_id)
  AND ($user_id IS NULL OR user_id = $user_id)
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
GROUP BY replaced_reason
ORDER BY replaced_reason
