-- row: one meter of one model for one day, project, key, user and tier, at one price.
-- engine: duckdb
SELECT
{%- for column in charge_columns %}
  c.{{ column }},{{ " p.project_name," if column == "project_id" }}
{%- endfor %}
  c.usage_date >= f.provisional_from_date AS is_provisional
FROM {{ charge_files }} AS c
CROSS JOIN stored.snapshot AS f
LEFT JOIN stored.projects AS p ON p.project_id = c.project_id
