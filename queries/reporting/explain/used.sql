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
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
GROUP BY basis
ORDER BY basis
