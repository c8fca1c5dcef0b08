-- row: one version of a usage record of a cell that no longer counts, the newest first.
-- engine: duckdb
SELECT
  {{ columns | join(', ') }},
  replaced_at, replaced_by_file, replaced_by_line, replaced_reason
FROM usage_versions
WHERE basis = 'charge'
  AND {% include "reporting/explain/in_cell.sql.j2" %}
{%- if meter %}
  AND {{ meter }} > 0
{%- endif %}
ORDER BY replaced_at DESC, started_at, input_file, input_line
LIMIT $examples
