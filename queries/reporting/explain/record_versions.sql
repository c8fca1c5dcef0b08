-- row: one version of the usage records with an id; the current one has no replaced_at.
-- engine: duckdb
SELECT
  {{ columns | join(', ') }},
  CAST(NULL AS TIMESTAMP) AS replaced_at, CAST(NULL AS VARCHAR) AS replaced_by_file,
  CAST(NULL AS BIGINT) AS replaced_by_line, CAST(NULL AS VARCHAR) AS replaced_reason
FROM usage
WHERE record_id = $record_id
UNION ALL
SELECT
  {{ columns | join(', ') }},
  replaced_at, replaced_by_file, replaced_by_line, replaced_reason
FROM usage_versions
WHERE record_id = $record_id
ORDER BY replaced_at DESC NULLS FIRST, source, recorded_at, input_file, input_line
