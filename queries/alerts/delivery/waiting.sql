-- row: one alert of one message that a channel has not accepted, also where it was given up.
-- engine: duckdb
SELECT unnest(messages.alert_ids) AS alert_id
FROM messages
WHERE
  messages.settled_at IS NULL
  OR messages.message_id IN (SELECT message_id FROM retries WHERE given_up_at IS NOT NULL)
