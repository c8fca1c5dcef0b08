-- row: one budget and period of budget_status_now.
-- engine: duckdb
INSERT INTO budget_status BY NAME
SELECT
  budget_id, period_start_date, period_end_date, period_calendar, project_id, model, scope,
  thresholds, amount_usd, spent_usd, spent_ratio, is_lower_bound, unpriced_quantity, state,
  watched_since_date, plan, period_label, base_amount_usd, base_amount, carried_usd, currency,
  covers, owner, forecast_usd, forecast_low_usd, forecast_high_usd, crossing_date
FROM budget_status_now
