-- row: one try to deliver one message to one channel.
-- engine: duckdb
-- view: One try to deliver one message to one alert channel.
-- column message_id VARCHAR: Id of the message; a webhook gets it as its Idempotency-Key
-- column alert_ids VARCHAR: Ids of the alerts it speaks of, with commas between them
-- column title VARCHAR: Title of the message
-- column channel VARCHAR: Label of the channel, never its URL
-- column attempted_at TIMESTAMP: When it was tried, UTC
-- column outcome VARCHAR: delivered or failed
-- column error VARCHAR: Why it failed; NULL where it was delivered
-- column is_last BOOLEAN: Whether it is the last try so far
-- column next_attempt_at TIMESTAMP: When it is tried again, UTC, at the earliest; NULL: it is not
-- column given_up_at TIMESTAMP: When it was given up, UTC; NULL: it was not
SELECT
  d.message_id,
  array_to_string(m.alert_ids, ',') AS alert_ids,
  m.title,
  d.channel,
  d.attempted_at,
  d.outcome,
  d.error,
  row_number() OVER (PARTITION BY d.message_id, d.channel ORDER BY d.attempted_at DESC) = 1
    AS is_last,
  CASE WHEN m.settled_at IS NULL THEN r.next_attempt_at END AS next_attempt_at,
  r.given_up_at
FROM stored.deliveries AS d
INNER JOIN stored.messages AS m ON m.message_id = d.message_id
LEFT JOIN stored.retries AS r ON r.message_id = d.message_id AND r.channel = d.channel
