-- row: one destination of one message; the same again changes nothing.
-- engine: duckdb
INSERT INTO message_routes (message_id, route, address, is_digest)
SELECT $message_id, $route, $address, $is_digest
WHERE NOT EXISTS (
  FROM message_routes
  WHERE message_id = $message_id AND route = $route AND address = $address
)
