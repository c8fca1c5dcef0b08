-- row: one message that some channel still waits for, and the channels that have it; oldest first.
-- engine: duckdb
SELECT
  messages.message_id,
  messages.run_id,
  messages.created_at,
  messages.severity,
  messages.title,
  messages.body,
  messages.alert_ids,
  messages.raised_ids,
  list(DISTINCT deliveries.channel) FILTER (WHERE deliveries.outcome = 'delivered')
    AS delivered_to
FROM messages
LEFT JOIN deliveries ON messages.message_id = deliveries.message_id
WHERE messages.settled_at IS NULL
GROUP BY ALL
ORDER BY min(messages.sequence)
