-- row: one message that some channel still waits for, the channels that have it, and where it goes
--      (but for what a digest carries); oldest first.
-- engine: duckdb
SELECT
  messages.message_id,
  messages.run_id,
  messages.created_at,
  messages.severity,
  messages.title,
  messages.body,
  messages.alert_ids,
  messages.raised_ids,
  (
    SELECT list(DISTINCT deliveries.channel)
    FROM deliveries
    WHERE deliveries.message_id = messages.message_id AND deliveries.outcome = 'delivered'
  ) AS delivered_to,
  (
    SELECT
      list(
        {'route': routes.route, 'address': routes.address, 'is_digest': routes.is_digest}
        ORDER BY routes.route, routes.address
      ) FILTER (WHERE routes.digest_id IS NULL)
    FROM message_routes AS routes
    WHERE routes.message_id = messages.message_id
  ) AS destinations
FROM messages
WHERE messages.settled_at IS NULL
ORDER BY messages.sequence
