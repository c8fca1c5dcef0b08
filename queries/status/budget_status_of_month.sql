-- row: one budget in the month that begins on $period_start_date, the fullest first.
SELECT
  budget_id,
  project_id,
  model,
  scope,
  period_start_date,
  period_end_date,
  amount_usd,
  spent_usd,
  spent_ratio,
  is_lower_bound,
  state
FROM budget_status
WHERE period_start_date = $period_start_date
ORDER BY spent_ratio DESC, budget_id
