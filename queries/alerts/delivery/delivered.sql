-- row: one alert that the message $message_id raised, now that nothing waits for that message; not
--      while another message that raises the alert still waits.
-- engine: duckdb
UPDATE alerts SET
  delivery = CASE
    WHEN EXISTS (
      FROM retries
      INNER JOIN messages USING (message_id)
      WHERE retries.given_up_at IS NOT NULL AND list_contains(messages.raised_ids, alerts.alert_id)
    ) THEN 'not delivered'
    ELSE $delivery
  END,
  delivered_at = CASE WHEN $delivery = 'not delivered' THEN NULL ELSE $delivered_at END
WHERE
  delivery = 'to send'
  AND alert_id IN (
    SELECT unnest(raised_ids) FROM messages WHERE message_id = $message_id
  )
  AND alert_id NOT IN (SELECT unnest(raised_ids) FROM messages WHERE settled_at IS NULL)
