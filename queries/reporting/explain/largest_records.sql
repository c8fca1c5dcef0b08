-- row: one usage record of a cell that makes charges, the dearest first: each meter counts at the
-- highest price that it has in the cell for the record's model and tier.
-- engine: duckdb
WITH highest_prices AS (
  SELECT
    model, service_tier,
{%- for name in charged %}
    max(contracted_unit_price_usd) FILTER (WHERE meter = '{{ name }}') AS {{ name }},
{%- endfor %}
    count(*) AS lines
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
  GROUP BY model, service_tier
)

SELECT
  u.{{ columns | join(', u.') }}
FROM usage AS u
LEFT JOIN highest_prices AS p
  ON p.model IS NOT DISTINCT FROM u.model
  AND p.service_tier = u.service_tier
WHERE u.basis = 'charge'
  AND CASE WHEN $is_utc THEN u.usage_date ELSE u.charge_date END >= $since_date
  AND CASE WHEN $is_utc THEN u.usage_date ELSE u.charge_date END < $until_date
  AND ($project_id IS NULL OR u.project_id = $project_id)
  AND (NOT $is_without_project OR u.project_id IS NULL)
  AND ($model IS NULL OR u.model = $model)
  AND (NOT $is_without_model OR u.model IS NULL)
  AND ($scope IS NULL OR u.scope = $scope)
  AND ($api_key_id IS NULL OR u.api_key_id = $api_key_id)
  AND ($user_id IS NULL OR u.user_id = $user_id)
{%- if meter %}
  AND u.{{ meter }} > 0
{%- endif %}
ORDER BY
{%- for name in charged %}
  {{ "" if loop.first else "+ " }}coalesce(CAST(u.{{ name }} AS DECIMAL(22, 6)) * p.{{ name }}, 0){{ " DESC," if loop.last }}
{%- endfor %}
{%- for name in charged %}
  {{ "" if loop.first else "+ " }}u.{{ name }}{{ " DESC," if loop.last }}
{%- endfor %}
  u.started_at, u.input_file, u.input_line
LIMIT $examples
