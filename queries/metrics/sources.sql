-- row: one source and its latest record.
-- engine: duckdb
SELECT source, max(last_record_at) AS last_record_at
FROM input_files
WHERE state NOT IN ('replaced', 'forgotten')
GROUP BY source
ORDER BY source
