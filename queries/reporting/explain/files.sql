-- row: one input file with records in a cell, the one with the most first.
-- engine: duckdb
SELECT
  source, input_file,
  count(*) AS records,
  min(input_line) AS first_line,
  max(input_line) AS last_line,
  count(*) OVER () AS files
FROM usage
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
GROUP BY source, input_file
ORDER BY records DESC, source, input_file
LIMIT $files
