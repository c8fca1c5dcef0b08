-- row: the first usage record of a cell that makes charges.
-- engine: duckdb
SELECT
  {{ columns | join(', ') }}
FROM usage
WHERE basis = 'charge'
  AND {% include "reporting/explain/in_cell.sql.j2" %}
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
ORDER BY started_at, input_file, input_line
LIMIT 1
