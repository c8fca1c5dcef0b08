-- row: one action; of those that have ended only with $with_ended. The newest first.
-- engine: duckdb
SELECT
  action_id, budget_id, project_id, kind, state, limit_usd, requested_at, approved_by, applied_at,
  ended_at, coalesce(error, remark) AS remark
FROM budget_actions
WHERE $with_ended OR ended_at IS NULL
ORDER BY requested_at DESC, action_id
