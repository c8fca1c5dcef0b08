-- row: one try to deliver one message to one channel. Holds labels of channels, never their URLs.
CREATE TABLE IF NOT EXISTS deliveries (
  message_id   VARCHAR NOT NULL,
  channel      VARCHAR NOT NULL,
  attempted_at TIMESTAMP NOT NULL,  -- UTC
  outcome      VARCHAR NOT NULL,    -- delivered, failed
  error        VARCHAR              -- NULL where it was delivered
)
