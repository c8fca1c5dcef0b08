-- row: one alert that the message $message_id raised, now that every channel has it.
-- engine: duckdb
UPDATE alerts SET
  delivery = $delivery,
  delivered_at = $delivered_at
WHERE
  delivery = 'to send'
  AND alert_id IN (
    SELECT unnest(raised_ids) FROM messages WHERE message_id = $message_id
  )
  -- an alert raised again since then waits for its newer message
  AND run_id = (SELECT run_id FROM messages WHERE message_id = $message_id)
