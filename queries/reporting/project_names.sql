-- row: one project of the directory that has a name.
SELECT
  project_id,
  project_name
FROM projects
WHERE project_name IS NOT NULL
ORDER BY project_id
