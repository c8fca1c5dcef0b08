-- row: one input file whose records count, as published, and the days of these.
-- engine: duckdb
SELECT
  input_file,
  CAST(sum(accepted) AS BIGINT) AS rows,
  CAST(min(first_record_at) AS DATE) AS first_date,
  CAST(max(last_record_at) AS DATE) AS last_date
FROM input_files
WHERE state <> 'forgotten' AND accepted > 0 AND first_record_at IS NOT NULL
GROUP BY input_file
ORDER BY input_file
