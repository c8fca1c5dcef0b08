-- row: the message $message_id, now that every channel has it.
-- engine: duckdb
UPDATE messages SET settled_at = $settled_at
WHERE message_id = $message_id AND settled_at IS NULL
