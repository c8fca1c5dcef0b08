-- row: one message that was given up for one channel, the oldest first; is_settled where everything
--      that it raised was acknowledged or is over.
-- engine: duckdb
SELECT
  retries.message_id,
  retries.channel,
  retries.first_failed_at,
  retries.error,
  NOT EXISTS (
    FROM alerts
    WHERE
      list_contains(messages.raised_ids, alerts.alert_id)
      AND alerts.state IN ('open', 'escalated')
  ) AS is_settled
FROM retries
INNER JOIN messages USING (message_id)
WHERE retries.given_up_at IS NOT NULL
ORDER BY retries.first_failed_at, retries.message_id, retries.channel
