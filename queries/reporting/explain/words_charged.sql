-- row: one value of a column that was ever charged.
-- engine: duckdb
SELECT DISTINCT {{ column }} AS word
FROM charge_postings
WHERE {{ column }} IS NOT NULL
ORDER BY word
