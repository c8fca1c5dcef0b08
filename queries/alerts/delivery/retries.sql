-- row: one message that one channel has not accepted.
-- engine: duckdb
SELECT
  message_id, channel, attempts, first_failed_at, next_attempt_at, given_up_at, error
FROM retries
ORDER BY message_id, channel
