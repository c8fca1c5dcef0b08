-- row: one day (the organization's) and what a budget can be for, with what was spent.
-- takes: daily, the small sums by day; lines, the charges, where a budget needs more than those
-- have; with_mapping, whether a budget is for a team or a cost centre.
-- engine: duckdb
WITH spent AS (
  {%- if lines %}
  SELECT
    c.charge_date, c.project_id, c.model, c.scope, c.provider, c.api_key_id, c.user_id,
    k.service_account_id,
    sum(c.cost_usd) AS cost_usd,
    coalesce(sum(c.quantity) FILTER (WHERE c.pricing_status = 'unpriced'), 0) AS unpriced_quantity,
    0 AS long_context_doubt_usd,
    FALSE AS is_of_anybody
  FROM {{ lines }} AS c
  LEFT JOIN (
    SELECT api_key_id, max(service_account_id) AS service_account_id FROM api_keys GROUP BY ALL
  ) AS k ON k.api_key_id = c.api_key_id
  GROUP BY ALL
  UNION ALL
  -- who asked is not known of what may have been long requests
  SELECT
    charge_date, project_id, model, scope, NULL, NULL, NULL, NULL, 0, 0, long_context_doubt_usd,
    TRUE
  FROM {{ daily }}
  WHERE long_context_doubt_usd <> 0
  {%- else %}
  SELECT
    charge_date, project_id, model, scope,
    CAST(NULL AS VARCHAR) AS provider,
    CAST(NULL AS VARCHAR) AS api_key_id,
    CAST(NULL AS VARCHAR) AS user_id,
    CAST(NULL AS VARCHAR) AS service_account_id,
    cost_usd, unpriced_quantity, long_context_doubt_usd,
    FALSE AS is_of_anybody
  FROM {{ daily }}
  {%- endif %}
)

SELECT
  s.charge_date, s.project_id, s.model, s.scope, s.provider, s.api_key_id, s.user_id,
  s.service_account_id,
  {%- if with_mapping %}
  m.team, m.cost_center,
  {%- else %}
  CAST(NULL AS VARCHAR) AS team, CAST(NULL AS VARCHAR) AS cost_center,
  {%- endif %}
  CAST(s.cost_usd AS DECIMAL(38, 24)) AS cost_usd,
  CAST(s.unpriced_quantity AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(s.long_context_doubt_usd AS DECIMAL(38, 24)) AS long_context_doubt_usd,
  s.is_of_anybody
FROM spent AS s
{%- if with_mapping %}
LEFT JOIN cost_centers AS m
  ON m.project_id = s.project_id
  AND coalesce(m.valid_from_date, DATE '-infinity') <= s.charge_date
  AND coalesce(m.valid_to_date, DATE 'infinity') > s.charge_date
{%- endif %}
