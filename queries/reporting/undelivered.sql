-- row: one alert channel that has not accepted messages: how many wait or were given up, since when,
--      and why; the one that waits longest first.
-- engine: duckdb
WITH failing AS (
  SELECT
    channel, message_id, given_up_at, error,
    min(attempted_at) OVER (PARTITION BY message_id, channel) AS first_attempted_at,
    attempted_at, is_last, outcome, next_attempt_at
  FROM alert_deliveries
)

SELECT
  channel,
  count(*) FILTER (WHERE given_up_at IS NULL) AS waiting,
  count(*) FILTER (WHERE given_up_at IS NOT NULL) AS given_up,
  min(first_attempted_at) AS since_at,
  max_by(error, attempted_at) AS error
FROM failing
WHERE
  is_last
  AND outcome = 'failed'
  AND (next_attempt_at IS NOT NULL OR given_up_at IS NOT NULL)
GROUP BY channel
ORDER BY since_at, channel
