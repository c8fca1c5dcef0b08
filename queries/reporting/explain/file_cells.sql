-- row: one day (the organization's), project and model with records of an input file, most first.
-- engine: duckdb
SELECT
  charge_date, project_id, model, basis,
  count(*) AS records,
  CAST(sum(requests) AS BIGINT) AS requests,
  min(input_line) AS first_line,
  max(input_line) AS last_line,
  count(*) OVER () AS cells
FROM usage
WHERE input_file = $input_file
GROUP BY charge_date, project_id, model, basis
ORDER BY records DESC, charge_date, project_id, model, basis
LIMIT $lines
