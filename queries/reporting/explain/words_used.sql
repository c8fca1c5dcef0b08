-- row: one value of a column that occurs in usage, also of records that no longer count.
-- engine: duckdb
SELECT {{ column }} AS word
FROM usage
WHERE {{ column }} IS NOT NULL
UNION
SELECT {{ column }} AS word
FROM usage_versions
WHERE {{ column }} IS NOT NULL
ORDER BY word
