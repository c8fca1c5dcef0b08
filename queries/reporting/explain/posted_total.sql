-- row: the postings of a cell added up, and how many there are (a run and reason is one).
-- engine: duckdb
SELECT
  count(DISTINCT run_id || reason) AS postings,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM charge_postings
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
  AND ($meter IS NULL OR meter = $meter)
