-- row: one message that is to be delivered after all.
-- engine: duckdb
UPDATE messages SET settled_at = NULL
WHERE list_contains(CAST($messages AS VARCHAR[]), message_id)
