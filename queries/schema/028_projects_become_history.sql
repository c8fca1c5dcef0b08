-- row: one project that a file named before there was a history.
INSERT INTO project_history BY NAME
SELECT
  project_id, project_name, coalesce(state, 'active') AS state, created_at, archived_at,
  '(file)' AS source, coalesce(created_at, TIMESTAMP '1970-01-01') AS valid_from_at
FROM projects
