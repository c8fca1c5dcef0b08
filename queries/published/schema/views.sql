-- row: one published view, with what its rows are.
-- engine: duckdb
SELECT view_name AS view, comment AS a_row_is
FROM duckdb_views()
WHERE NOT internal AND schema_name = 'main' AND database_name = current_database()
ORDER BY view_name
