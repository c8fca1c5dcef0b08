-- row: one thing that may stand in the way of closing a month: how often, and US dollars where known.
-- takes: $since, $until, the month's days, half-open; $run_date, $today, the organization's day of
--        what is published, and that of the check: no source is known to cover the days from the one
--        to the other.
-- engine: duckdb
SELECT
  'provisional' AS name,
  CAST(count(DISTINCT charge_date) AS BIGINT) AS number,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38, 24)) AS usd
FROM charges
WHERE charge_date >= $since AND charge_date < $until AND is_provisional
UNION ALL
SELECT 'unpriced', count(*), NULL
FROM charges
WHERE
  charge_date >= $since AND charge_date < $until AND pricing_status = 'unpriced' AND quantity > 0
UNION ALL
SELECT 'quarantine', count(*), NULL
FROM quarantine
WHERE
  replayed_at IS NULL AND (usage_date IS NULL OR (usage_date >= $since AND usage_date < $until))
UNION ALL
SELECT 'pages', count(*), NULL
FROM missing_pages
WHERE since_at < $until AND coalesce(until_at, TIMESTAMP 'infinity') > $since
UNION ALL
SELECT 'days', count(DISTINCT calendar_date), NULL
FROM (
  SELECT calendar_date
  FROM calendar
  WHERE
    (is_decisive AND state IN ('late', 'missing'))
    OR (role = 'costs' AND utc_state IN ('late', 'missing'))
  UNION ALL
  SELECT CAST(unnest(range(CAST($run_date AS DATE), CAST($today AS DATE), INTERVAL 1 DAY)) AS DATE)
  WHERE EXISTS (SELECT 1 FROM calendar WHERE is_decisive OR role = 'costs')
)
WHERE calendar_date >= $since AND calendar_date < $until
UNION ALL
SELECT 'runs', count(*), NULL
FROM runs
WHERE
  outcome <> 'done'
  AND started_at > coalesce((SELECT max(started_at) FROM runs WHERE outcome = 'done'), '-infinity')
UNION ALL
SELECT 'messages', count(DISTINCT message_id), NULL
FROM alert_deliveries
WHERE
  is_last AND outcome = 'failed' AND (next_attempt_at IS NOT NULL OR given_up_at IS NOT NULL)
