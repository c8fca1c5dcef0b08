-- row: one message that some channel has not accepted, of the messages or alerts $ids (NULL: of all).
-- engine: duckdb
SELECT DISTINCT messages.message_id
FROM messages
INNER JOIN retries USING (message_id)
WHERE
  $ids IS NULL
  OR list_contains(CAST($ids AS VARCHAR[]), messages.message_id)
  OR list_has_any(CAST($ids AS VARCHAR[]), messages.alert_ids)
ORDER BY messages.message_id
