-- row: one UTC day of a provider of which it is known minute by minute what was used, and for how
-- many minutes.
-- Minute buckets say which minutes they cover; request-level records cover the days on which there
-- are any, the newest day up to its last record.
-- engine: duckdb
-- view: One UTC day of a provider of which it is known minute by minute what was used; a covered minute that
--   rate_limit_minutes lacks had no use.
-- column usage_date DATE: The UTC day
-- column bucket_minutes BIGINT: Minutes of the day that minute buckets cover
-- column request_minutes BIGINT: Minutes of the day that request-level records cover: all, on the
--   newest day those up to the last record
-- column provider VARCHAR: Provider that was used
WITH fetched AS (
  SELECT provider, usage_date, started_at, max(ended_at) AS ended_at
  FROM {{ stored }}minute_coverage
  WHERE endpoint NOT IN (
    'vector_stores', 'code_interpreter_sessions', 'file_search_calls', 'web_search_calls'
  )
  GROUP BY provider, usage_date, started_at
),

-- endpoints are fetched apart: a minute that several of them cover is one minute
reached AS (
  SELECT
    provider, usage_date, started_at, ended_at,
    max(ended_at) OVER (
      PARTITION BY provider, usage_date ORDER BY started_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS reached_at
  FROM fetched
),

by_bucket AS (
  SELECT
    provider,
    usage_date,
    sum(greatest(
      0,
      date_diff('minute', greatest(started_at, coalesce(reached_at, started_at)), ended_at)
    )) AS minutes
  FROM reached
  GROUP BY provider, usage_date
),

logged AS (
  SELECT provider, usage_date, max(started_at) AS last_at
  FROM {{ usage_files }}
  WHERE ended_at IS NULL AND scope = 'models'
  GROUP BY provider, usage_date
),

by_request AS (
  SELECT
    provider,
    usage_date,
    CASE
      WHEN usage_date < max(usage_date) OVER (PARTITION BY provider) THEN 1440
      ELSE date_diff('minute', CAST(usage_date AS TIMESTAMP), last_at) + 1
    END AS minutes
  FROM logged
)

SELECT
  coalesce(b.usage_date, r.usage_date) AS usage_date,
  CAST(coalesce(b.minutes, 0) AS BIGINT) AS bucket_minutes,
  CAST(coalesce(r.minutes, 0) AS BIGINT) AS request_minutes,
  coalesce(b.provider, r.provider) AS provider
FROM by_bucket AS b
FULL JOIN by_request AS r ON r.provider = b.provider AND r.usage_date = b.usage_date
