-- row: one subject and horizon, with how far forecasts of periods that had ended by $today, made by
-- $at, were off. Periods of less than 1 USD are left out.
-- takes: daily, the small sums by day.
-- engine: duckdb
WITH {% include "forecasts/compared.sql.j2" %}

SELECT
  subject_kind,
  subject_id,
  first_day,
  last_day,
  count(*) AS forecasts,
  count(*) FILTER (WHERE is_backfilled) AS filled_in,
  CAST(100 * median(error_usd / cost_usd) AS DECIMAL(18, 1)) AS error_percent,
  count(low80_usd) AS with_interval,
  CAST(sum(is_within80) AS BIGINT) AS within80,
  CAST(sum(is_within95) AS BIGINT) AS within95
FROM compared
GROUP BY subject_kind, subject_id, first_day, last_day
ORDER BY subject_kind, subject_id, first_day
