-- row: one alert whose message is to be delivered after all.
-- engine: duckdb
UPDATE alerts SET delivery = 'to send', delivered_at = NULL
WHERE
  delivery = 'not delivered'
  AND alert_id IN (
    SELECT unnest(raised_ids) FROM messages
    WHERE list_contains(CAST($messages AS VARCHAR[]), message_id)
  )
