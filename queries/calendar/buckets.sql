-- row: one span of time that the buckets of a source cover without a hole, those of costs apart.
--      A bucket that was fetched before its end covers what was over by then.
-- engine: duckdb
WITH covered AS (
  SELECT DISTINCT
    source,
    endpoint = 'costs' AS is_costs,
    width = '1d' AS is_day,
    started_at + to_seconds(coalesce(late_seconds, 0)) AS since_at,
    least(
      started_at + CASE width WHEN '1d' THEN INTERVAL 1 DAY ELSE INTERVAL 1 HOUR END,
      coalesce(fetched_at, TIMESTAMP '9999-01-01')
    ) AS until_at
  FROM buckets
  WHERE is_current AND width <> '1m'
),

marked AS (
  SELECT
    *,
    since_at > coalesce(
      max(until_at) OVER (
        PARTITION BY source, is_costs ORDER BY since_at, until_at
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      TIMESTAMP '1970-01-01'
    ) AS begins_span
  FROM covered
),

numbered AS (
  SELECT
    *,
    count(*) FILTER (WHERE begins_span) OVER (
      PARTITION BY source, is_costs ORDER BY since_at, until_at
    ) AS span_number
  FROM marked
)

SELECT
  source, is_costs, min(since_at) AS since_at, max(until_at) AS until_at,
  bool_and(is_day) AS has_utc_days
FROM numbered
GROUP BY source, is_costs, span_number
ORDER BY source, is_costs, since_at
