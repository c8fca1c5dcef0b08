-- row: one budget and period of budget_status_now.
-- engine: duckdb
INSERT INTO budget_status (
  budget_id, period_start_date, period_end_date, period_calendar, project_id, model, scope,
  thresholds, amount_usd, spent_usd, spent_ratio, is_lower_bound, unpriced_quantity, state,
  watched_since_date
)
SELECT
  budget_id, period_start_date, period_end_date, period_calendar, project_id, model, scope,
  thresholds, amount_usd, spent_usd, spent_ratio, is_lower_bound, unpriced_quantity, state,
  watched_since_date
FROM budget_status_now
