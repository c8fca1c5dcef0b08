-- row: one try to deliver the message $message_id, the oldest first, with what comes next.
-- engine: duckdb
SELECT
  d.channel, d.attempted_at, d.outcome, d.error,
  CASE WHEN r.given_up_at IS NULL THEN r.next_attempt_at END AS next_attempt_at,
  r.given_up_at
FROM deliveries AS d
LEFT JOIN retries AS r ON r.message_id = d.message_id AND r.channel = d.channel
WHERE d.message_id = $message_id
ORDER BY d.attempted_at, d.channel
