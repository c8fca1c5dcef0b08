-- row: the usage records of a cell of one basis: how many, and the sum of each meter.
-- engine: duckdb
SELECT
  basis,
  count(*) AS records,
  CAST(sum(requests) AS DECIMAL(38, 0)) AS requests,
  min(started_at) AS first_at,
  max(started_at) AS last_at,
{%- for name in meters %}
  CAST(sum({{ name }}) AS DECIMAL(38, 6)) AS {{ name }}{{ "," if not loop.last }}
{%- endfor %}
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
GROUP BY basis
ORDER BY basis
