-- row: one a budget whose period touches the month.
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
  is_lower_bound,
  unpriced_quantity,
  forecast_usd,
  forecast_low_usd,
  forecast_high_usd,
  crossing_date,
  thresholds,
  state,
  period_label,
  covers,
  owner,
  carried_usd,
  base_amount,
  currency
FROM budget_status
WHERE period_start_date < $until AND period_end_date > $since
ORDER BY budget_id, period_start_date
