-- row: one team of one project on the day $today: the one that answers for it, or that pays for it.
-- engine: duckdb
SELECT project_id, owner_team AS team
FROM projects
WHERE owner_team IS NOT NULL
UNION
SELECT project_id, team
FROM cost_centers
WHERE
  team IS NOT NULL
  AND (valid_from_date IS NULL OR valid_from_date <= $today)
  AND (valid_to_date IS NULL OR valid_to_date > $today)
ORDER BY project_id, team
