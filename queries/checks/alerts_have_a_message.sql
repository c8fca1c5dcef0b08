-- row: one alert that waits to be sent and that no pending message of the outbox raises.
-- gives: place (what is at fault), finding (what is wrong with it).
-- engine: duckdb
SELECT
  'alert ' || alert_id AS place,
  format(
    'of kind {} about {}, raised at {}, waits to be sent and no message has it', kind,
    coalesce(subject_id, 'the run'), raised_at
  ) AS finding
FROM alerts
WHERE
  delivery = 'to send'
  AND alert_id NOT IN (
    SELECT unnest(raised_ids) FROM messages WHERE settled_at IS NULL
  )
ORDER BY alert_id
