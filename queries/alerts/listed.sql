-- row: one alert in the state $state, the newest first; open: acknowledged and escalated ones as
--      well; undelivered: those that a channel has not accepted; any: all.
-- engine: duckdb
SELECT
  alert_id,
  raised_at,
  kind,
  subject_id,
  period_start_date,
  threshold_percent,
  threshold_usd,
  severity,
  state,
  delivery,
  delivered_at,
  resolved_at,
  message
FROM alerts
WHERE
  CASE $state
    WHEN 'any' THEN TRUE
    WHEN 'open' THEN state IN ('open', 'acknowledged', 'escalated')
    WHEN 'undelivered' THEN delivery IN ('to send', 'not delivered')
    ELSE state = $state
  END
ORDER BY raised_at DESC, subject_id, period_start_date DESC, threshold_percent DESC
