-- row: one version of a usage record of a cell that no longer counts, the newest first.
-- engine: duckdb
SELECT
  {{ columns | join(', ') }},
  replaced_at, replaced_by_file, replaced_by_line, replaced_reason
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
ORDER BY replaced_at DESC, started_at, input_file, input_line
LIMIT $examples
