-- row: one message of the outbox; one may carry many alerts.
CREATE TABLE IF NOT EXISTS messages (
  message_id VARCHAR PRIMARY KEY,
  sequence   BIGINT NOT NULL,       -- the order in which messages are delivered
  run_id     VARCHAR NOT NULL,
  created_at TIMESTAMP NOT NULL,    -- UTC
  severity   VARCHAR NOT NULL,      -- info, warning, critical
  title      VARCHAR NOT NULL,
  body       VARCHAR NOT NULL,
  alert_ids  VARCHAR[] NOT NULL,    -- everything that the message speaks of
  raised_ids VARCHAR[] NOT NULL,    -- those of them that it raises
  settled_at TIMESTAMP              -- UTC; when every channel had it; NULL while it is pending
)
