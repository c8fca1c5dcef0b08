-- row: one project of the directory; the name is NULL where it has none.
-- engine: duckdb
SELECT
  project_id,
  project_name
FROM projects
ORDER BY project_id
