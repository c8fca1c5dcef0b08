-- row: one id of a usage record that begins like the one asked for.
-- engine: duckdb
SELECT DISTINCT record_id
FROM usage
WHERE starts_with(record_id, $prefix)
ORDER BY record_id
LIMIT 3
