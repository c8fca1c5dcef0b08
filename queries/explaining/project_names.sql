-- row: one project that the directory names.
SELECT project_id, project_name
FROM projects
ORDER BY project_id
