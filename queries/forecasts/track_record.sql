-- row: one kind of subject and horizon (days of the period that were known in full), with how far
-- forecasts of periods that had ended by $today, made by $at, were off; beside what the mean day or
-- the last week going on would have been. Periods of less than 1 USD are left out.
-- takes: daily, the small sums by day.
-- engine: duckdb
WITH {% include "forecasts/compared.sql.j2" %}

SELECT
  subject_kind,
  days_known,
  count(*) AS forecasts,
  count(*) FILTER (WHERE is_backfilled) AS filled_in
  {%- for method in ('', 'run_rate_', 'seasonal_naive_') %},
  CAST(100 * avg(least({{ method }}error_usd / cost_usd, 1)) AS DECIMAL(18, 1))
    AS {{ method }}capped_mape_percent,
  CAST(100 * sum({{ method }}error_usd) / sum(cost_usd) AS DECIMAL(18, 1))
    AS {{ method }}wape_percent,
  CAST(100 * median({{ method }}error_usd / cost_usd) AS DECIMAL(18, 1))
    AS {{ method }}median_ape_percent
  {%- endfor %},
  count(low80_usd) AS with_interval,
  CAST(100 * avg(is_within80) AS DECIMAL(18, 1)) AS within80_percent,
  CAST(100 * avg(is_within95) AS DECIMAL(18, 1)) AS within95_percent
FROM compared
GROUP BY subject_kind, first_day, days_known
ORDER BY subject_kind, first_day
