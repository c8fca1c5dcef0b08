-- question: Which figures of the past moved, when, and why?
-- row: one run, reason, month and project whose charges moved after they were first posted, the
--      latest first.
-- ties: sum(change_usd) = that of cost_usd in charge_postings where reason is not 'usage'.
-- parameter: since DATE default any, first day (UTC) on which it was posted
-- parameter: until DATE default any, first day (UTC) that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
SELECT
  run_id,
  reason,
  CAST(date_trunc('month', CAST(charge_date AS TIMESTAMP)) AS DATE) AS charge_month_date,
  project_id,
  min(posted_at) AS first_posted_at,
  count(*) AS postings,
  count(DISTINCT charge_date) AS days,
  sum(cost_usd) FILTER (WHERE cost_usd < 0) AS lowered_usd,
  sum(cost_usd) FILTER (WHERE cost_usd >= 0) AS raised_usd,
  sum(cost_usd) AS change_usd,
  coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0)
    AS unpriced_quantity_change
FROM charge_postings
WHERE
  reason <> 'usage'
  AND (CAST($since AS DATE) IS NULL OR posted_at >= CAST($since AS TIMESTAMP))
  AND (CAST($until AS DATE) IS NULL OR posted_at < CAST($until AS TIMESTAMP))
  AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
GROUP BY run_id, reason, charge_month_date, project_id
ORDER BY first_posted_at DESC, run_id, reason, charge_month_date, project_id NULLS LAST
