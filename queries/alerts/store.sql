-- row: one alert of alerts_now, new or changed.
-- engine: duckdb
INSERT INTO alerts (
  alert_id, raised_at, kind, subject_id, period_start_date, period_end_date, threshold_percent,
  severity, message, about, state, is_true, delivery, delivered_at, resolved_at, amount_usd,
  spent_usd, times_raised, run_id, threshold_usd
)
SELECT
  alert_id, raised_at, kind, subject_id, period_start_date, period_end_date, threshold_percent,
  severity, message, about, state, is_firing, delivery, delivered_at, resolved_at, amount_usd,
  spent_usd, times_raised, run_id, threshold_usd
FROM alerts_now
ON CONFLICT (alert_id) DO UPDATE SET
  raised_at = excluded.raised_at,
  severity = excluded.severity,
  message = excluded.message,
  about = excluded.about,
  state = excluded.state,
  is_true = excluded.is_true,
  delivery = excluded.delivery,
  delivered_at = excluded.delivered_at,
  resolved_at = excluded.resolved_at,
  amount_usd = excluded.amount_usd,
  spent_usd = excluded.spent_usd,
  times_raised = excluded.times_raised,
  run_id = excluded.run_id
