-- row: one thing that happened to one alert.
-- engine: duckdb
INSERT INTO alert_events (alert_id, happened_at, event, who, note, message_id)
VALUES ($alert_id, $at, $event, $who, $note, $message_id)
