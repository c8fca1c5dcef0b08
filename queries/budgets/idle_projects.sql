-- row: one project of a budget that the directory does not have and that spent nothing; no row where
-- the directory has no projects.
-- engine: duckdb
SELECT s.project_id
FROM budget_status AS s
WHERE
  s.project_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM project_history WHERE valid_to_at IS NULL)
  AND s.project_id NOT IN (SELECT project_id FROM project_history)
GROUP BY s.project_id
HAVING sum(s.spent_usd) = 0
ORDER BY s.project_id
