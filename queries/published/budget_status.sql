-- row: one budget and period. is_lower_bound: unpriced usage is not in spent_usd.
-- engine: duckdb
SELECT
  budget_id, period_start_date, period_end_date, project_id, model, scope, amount_usd, spent_usd,
  spent_ratio, is_lower_bound, unpriced_quantity, forecast_usd, forecast_low_usd,
  forecast_high_usd, crossing_date, thresholds, state
FROM stored.budget_status
