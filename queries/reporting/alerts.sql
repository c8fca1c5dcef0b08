-- row: one alert that was raised in the month or is about a period that starts in it, newest first.
-- engine: duckdb
SELECT
  alert_id,
  raised_at,
  kind,
  subject_id,
  severity,
  message,
  state
FROM alerts
WHERE
  (raised_at >= $since_at AND raised_at < $until_at)
  OR (period_start_date >= $since AND period_start_date < $until)
ORDER BY raised_at DESC, alert_id
