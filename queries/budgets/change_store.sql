-- row: one change of a budget, made or refused.
-- engine: duckdb
INSERT INTO budget_changes (
  budget_id, changed_at, changed_by, outcome, what, effective_date, before, after, reason, found_in,
  run_id
)
VALUES (
  $budget_id, $changed_at, $changed_by, $outcome, $what, $effective_date, $before, $after, $reason,
  $found_in, $run_id
)
