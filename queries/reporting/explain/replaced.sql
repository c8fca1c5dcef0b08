-- row: the versions of usage records of a cell that no longer count, for one reason.
-- engine: duckdb
SELECT
  replaced_reason, count(*) AS versions, min(replaced_at) AS first_replaced_at,
  max(replaced_at) AS last_replaced_at
FROM usage_versions
WHERE basis = 'charge'
  AND {% include "reporting/explain/in_cell.sql.j2" %}
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
GROUP BY replaced_reason
ORDER BY replaced_reason
