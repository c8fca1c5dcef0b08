-- question: What do the books of each month say, and how much of it corrects months closed before?
-- row: one month and project with what was used in it; and one for each closed month that is
--      corrected in it.
-- ties: sum(cost_usd) over all months = that of charges over all days.
-- parameter: since DATE default any, a day of the first month
-- parameter: until DATE default any, a day of the month before which to stop (not counted)
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
SELECT
  period_date,
  period_state,
  corrected_month_date,
  project_id,
  max(project_name) AS project_name,
  CAST(sum(requests) AS BIGINT) AS requests,
  sum(cost_usd) AS cost_usd,
  coalesce(sum(unpriced_quantity), 0) AS unpriced_quantity
FROM period_costs
WHERE
  (CAST($since AS DATE) IS NULL OR period_date >= date_trunc('month', CAST($since AS DATE)))
  AND (CAST($until AS DATE) IS NULL OR period_date < date_trunc('month', CAST($until AS DATE)))
  AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
GROUP BY period_date, period_state, corrected_month_date, project_id
ORDER BY
  period_date, corrected_month_date NULLS FIRST, cost_usd DESC NULLS LAST, project_id NULLS LAST
