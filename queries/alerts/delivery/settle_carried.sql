-- row: the message $message_id, where digests carry it to all of its destinations.
-- engine: duckdb
UPDATE messages SET settled_at = $settled_at
WHERE
  message_id = $message_id
  AND settled_at IS NULL
  AND NOT EXISTS (
    FROM message_routes
    WHERE message_id = $message_id AND digest_id IS NULL
  )
