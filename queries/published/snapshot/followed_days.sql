-- row: one UTC day of a provider whose bill is followed, and whether it is settled; not settled are
--      also the days behind the last settled one that have no costs yet.
-- engine: duckdb
WITH billed AS (
  SELECT DISTINCT c.provider, b.usage_date, b.is_settled
  FROM bill_days AS b
  INNER JOIN buckets AS c
    ON CAST(c.started_at AS DATE) = b.usage_date AND c.endpoint = 'costs' AND c.is_current
  -- a settled day without accounts is not charged as billed: its costs are in another currency
  WHERE
    list_contains(CAST($providers AS VARCHAR[]), c.provider)
    AND (NOT b.is_settled OR len(b.accounts) > 0)
),

ends AS (
  SELECT
    provider,
    coalesce(max(usage_date) FILTER (WHERE is_settled) + 1, min(usage_date)) AS since_date
  FROM billed
  GROUP BY provider
)

SELECT provider, usage_date, is_settled
FROM billed
UNION
SELECT e.provider, CAST(d.day_at AS DATE) AS usage_date, FALSE AS is_settled
FROM ends AS e
CROSS JOIN generate_series(
  CAST(e.since_date AS TIMESTAMP), CAST($today AS TIMESTAMP) + INTERVAL 1 DAY, INTERVAL 1 DAY
) AS d (day_at)
ORDER BY provider, usage_date
