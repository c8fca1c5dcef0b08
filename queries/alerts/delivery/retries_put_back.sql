-- row: one message at one channel, to be tried from the beginning, at $at.
-- engine: duckdb
UPDATE retries SET
  attempts = 0,
  first_failed_at = $at,
  next_attempt_at = $at,
  given_up_at = NULL
WHERE list_contains(CAST($messages AS VARCHAR[]), message_id)
