-- row: one alert, in the order in which they were raised.
-- engine: duckdb
SELECT
  alert_id, raised_at, kind, subject_id, period_start_date, period_end_date, threshold_percent,
  severity, message, about, state, is_true AS is_firing, delivery, delivered_at, resolved_at,
  amount_usd, spent_usd, times_raised, run_id, threshold_usd
FROM alerts
ORDER BY raised_at, kind, subject_id, period_start_date, threshold_percent, alert_id
