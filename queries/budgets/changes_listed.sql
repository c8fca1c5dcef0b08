-- row: one change of the budget $budget_id (NULL: of any), the newest first.
-- engine: duckdb
SELECT
  changed_at, budget_id, what, effective_date, before, after, outcome, changed_by, reason, found_in
FROM budget_changes
WHERE $budget_id IS NULL OR budget_id = $budget_id
ORDER BY changed_at DESC, budget_id, effective_date DESC, what
