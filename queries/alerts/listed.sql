-- row: one alert in the state $state, the newest first; open: acknowledged and escalated ones as
--      well; undelivered: those of which a channel has not accepted a message; any: all. $waiting: the
--      ids of alerts in such messages, one for each message, with commas between them.
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
  (
    SELECT count(*)
    FROM unnest(string_split($waiting, ',')) AS undelivered (alert_id)
    WHERE undelivered.alert_id = alerts.alert_id
  ) AS undelivered_messages,
  message
FROM alerts
WHERE
  CASE $state
    WHEN 'any' THEN TRUE
    WHEN 'open' THEN state IN ('open', 'acknowledged', 'escalated')
    WHEN 'undelivered' THEN delivery IN ('to send', 'not delivered') OR undelivered_messages > 0
    ELSE state = $state
  END
ORDER BY raised_at DESC, subject_id, period_start_date DESC, threshold_percent DESC
