-- row: one message, put at the end of the outbox; the same message again changes nothing.
-- engine: duckdb
INSERT INTO messages (
  message_id, sequence, run_id, created_at, severity, title, body, alert_ids, raised_ids
)
SELECT
  $message_id,
  (SELECT coalesce(max(sequence), 0) + 1 FROM messages),
  $run_id,
  $created_at,
  $severity,
  $title,
  $body,
  $alert_ids,
  $raised_ids
ON CONFLICT (message_id) DO NOTHING
