-- row: one thing said, or taken back.
-- engine: duckdb
SELECT
  alert_id, raised_at, kind, subject_id, period_start_date, threshold_percent, severity, message,
  state, delivery, delivered_at, resolved_at
FROM stored.alerts
