-- row: one thing that happened to the alert $alert_id, the oldest first.
-- engine: duckdb
SELECT happened_at, event, who, note, message_id
FROM alert_events
WHERE alert_id = $alert_id
ORDER BY happened_at, event
