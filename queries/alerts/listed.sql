-- row: one alert in the state $state (NULL: in any), the newest first.
-- engine: duckdb
SELECT
  alert_id,
  raised_at,
  kind,
  subject_id,
  period_start_date,
  threshold_percent,
  severity,
  state,
  delivery,
  delivered_at,
  resolved_at,
  message
FROM alerts
WHERE $state IS NULL OR state = $state
ORDER BY raised_at DESC, subject_id, period_start_date DESC, threshold_percent DESC
