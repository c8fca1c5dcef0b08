-- row: one try to deliver one message to one channel.
-- engine: duckdb
INSERT INTO deliveries (message_id, channel, attempted_at, outcome, error)
VALUES ($message_id, $channel, $attempted_at, $outcome, $error)
