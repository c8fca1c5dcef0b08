-- row: one message that speaks of the alert $alert_id, the oldest first.
-- engine: duckdb
SELECT message_id, created_at, title, body, settled_at
FROM messages
WHERE list_contains(alert_ids, $alert_id)
ORDER BY sequence
