-- row: one column of one published view, in the view's order.
-- engine: duckdb
SELECT column_name AS "column", data_type AS type, comment AS meaning
FROM duckdb_columns()
WHERE
  NOT internal AND schema_name = 'main' AND database_name = current_database()
  AND table_name = $view
ORDER BY column_index
