-- row: one source whose files are there, with the times of its records.
-- engine: duckdb
SELECT
  source,
  arg_max(kind, file_id) AS kind,
  arg_max(basis, file_id) AS basis,
  min(first_record_at) AS first_record_at,
  max(coalesce(covered_until_at, last_record_at)) AS covered_until_at
FROM input_files
WHERE state NOT IN ('replaced', 'forgotten')
GROUP BY source
ORDER BY source
