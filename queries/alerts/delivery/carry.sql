-- row: one destination of the message $message_id, which the digest $digest_id carries it to.
-- engine: duckdb
UPDATE message_routes SET digest_id = $digest_id
WHERE message_id = $message_id AND route = $route AND address = $address
