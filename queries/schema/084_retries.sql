-- row: one message that one channel has not accepted yet: how often it was tried, when it is tried
--      again, or when it was given up. The row goes when the channel accepts the message.
CREATE TABLE IF NOT EXISTS retries (
  message_id      VARCHAR NOT NULL,
  channel         VARCHAR NOT NULL,
  attempts        INTEGER NOT NULL,
  first_failed_at TIMESTAMP NOT NULL,  -- UTC
  next_attempt_at TIMESTAMP,           -- UTC; NULL: it was given up
  given_up_at     TIMESTAMP,           -- UTC
  error           VARCHAR NOT NULL     -- why the last try failed
)
