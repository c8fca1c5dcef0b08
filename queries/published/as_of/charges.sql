-- row: one charge as it stood at an instant: the sum of what was posted by then.
-- takes: as_of (known_at), and the published views.
-- engine: duckdb
WITH posted AS (
  SELECT
    {{ charge_key | columns('p') }}, CAST(sum(p.quantity) AS DECIMAL(22, 6)) AS quantity,
    CAST(sum(p.list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
    CAST(sum(p.cost_usd) AS DECIMAL(38, 24)) AS cost_usd
  FROM tollbook.main.charge_postings AS p
  CROSS JOIN as_of AS a
  WHERE p.posted_at <= a.known_at
  GROUP BY {{ charge_key | columns('p') }}
  HAVING sum(p.quantity) <> 0 OR coalesce(sum(p.cost_usd), 0) <> 0
    OR coalesce(sum(p.list_cost_usd), 0) <> 0
)

SELECT
{%- for column in charge_columns %}
  {% if column == "requests" %}CAST(NULL AS BIGINT) AS requests{% else %}c.{{ column }}{% endif %},{{ " p.project_name," if column == "project_id" }}
{%- endfor %}
  m.cost_center, m.team,
  -- when a bill was settled is not known: before a day is final it may not have been
  c.usage_date >= CAST(a.known_at AS DATE) - {{ final_after_days }} OR coalesce(NOT b.is_settled, FALSE)
    AS is_provisional,
  coalesce(list_contains(k.cells, hash(c.project_id, c.model, c.scope)), FALSE) AS is_corrected
FROM posted AS c
CROSS JOIN as_of AS a
LEFT JOIN tollbook.stored.followed_days AS b
  ON b.provider = c.provider AND b.usage_date = c.usage_date
LEFT JOIN tollbook.main.projects AS p ON p.project_id = c.project_id
LEFT JOIN tollbook.main.cost_centers AS m
  ON m.project_id = c.project_id
  AND coalesce(m.valid_from_date, DATE '-infinity') <= c.charge_date
  AND coalesce(m.valid_to_date, DATE 'infinity') > c.charge_date
-- joined by day alone: who does not ask for is_corrected pays next to nothing
LEFT JOIN (
  SELECT charge_date, list(DISTINCT hash(project_id, model, scope)) AS cells
  FROM as_of_corrections
  GROUP BY charge_date
) AS k ON k.charge_date = c.charge_date
