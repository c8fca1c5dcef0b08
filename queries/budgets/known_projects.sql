-- row: one project of the directory, or with usage.
-- engine: any
SELECT project_id FROM projects WHERE project_id IS NOT NULL
UNION
SELECT project_id FROM daily_costs WHERE project_id IS NOT NULL
ORDER BY project_id
