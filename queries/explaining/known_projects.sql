-- row: one project with charges or usage, or that the directory names.
SELECT project_id, max(project_name) AS project_name
FROM (
  SELECT project_id, project_name FROM daily_costs
  UNION ALL
  SELECT project_id, project_name FROM projects
  UNION ALL
  SELECT DISTINCT project_id, CAST(NULL AS VARCHAR) AS project_name FROM usage
) AS found
WHERE project_id IS NOT NULL
GROUP BY project_id
ORDER BY project_id
