-- row: one action on the limits of a project, in the order in which they were recorded.
-- engine: duckdb
SELECT
  action_id, budget_id, period_start_date, project_id, kind, state, amount_usd, spent_usd, limit_usd,
  limited_month, limits_before, limits_set, requested_at, requested_by_run, approved_by, approved_at,
  applied_at, ended_at, ended_by, remark, error
FROM budget_actions
ORDER BY requested_at, action_id
