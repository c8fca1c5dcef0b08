-- row: one id of a usage record that a line of an input file brought, in any version.
-- engine: duckdb
SELECT DISTINCT record_id
FROM (
  SELECT record_id FROM usage WHERE input_file = $input_file AND input_line = $input_line
  UNION ALL
  SELECT record_id FROM usage_versions
  WHERE input_file = $input_file AND input_line = $input_line
) AS found
ORDER BY record_id
