-- row: one budget and period that has a day from $since to before $until, the fullest first.
-- engine: duckdb
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
  state,
  CASE state
    WHEN 'over' THEN 'over budget'
    WHEN 'near' THEN 'near: its highest threshold below 100 % is passed'
    ELSE 'within budget'
  END
  || CASE
    WHEN NOT is_lower_bound THEN ''
    WHEN state = 'over' THEN '; the true spend is higher still, as some usage has no price'
    ELSE '; at least: some usage has no price, so the true spend is higher'
  END AS standing
FROM budget_status
WHERE period_start_date < $until AND period_end_date > $since
ORDER BY spent_ratio DESC, budget_id, period_start_date
