-- row: one model with charges of a cell's project on any day, the dearest first.
-- engine: duckdb
SELECT model
FROM daily_costs
WHERE ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
GROUP BY model
ORDER BY sum(cost_usd) DESC NULLS LAST, model
