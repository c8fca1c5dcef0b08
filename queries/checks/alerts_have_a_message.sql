-- row: one alert that waits to be sent and that no pending message of the outbox raises.
-- engine: duckdb
SELECT
  alert_id,
  kind,
  subject_id,
  raised_at
FROM alerts
WHERE
  delivery = 'to send'
  AND alert_id NOT IN (
    SELECT unnest(raised_ids) FROM messages WHERE settled_at IS NULL
  )
ORDER BY alert_id
