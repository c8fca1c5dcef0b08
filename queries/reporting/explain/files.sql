-- row: one input file with records in a cell, the one with the most first.
-- engine: duckdb
SELECT
  source, input_file,
  count(*) AS records,
  min(input_line) AS first_line,
  max(input_line) AS last_line,
  count(*) OVER () AS files
FROM usage
WHERE CASE WHEN $is_utc THEN usage_date ELSE charge_date END >= $since_date
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
GROUP BY source, input_file
ORDER BY records DESC, source, input_file
LIMIT $files
