-- row: one forecast that was made last for a period which touches the month, the organization's
-- first, then budgets and projects, the largest first; with the record of its subject at the same
-- horizon. No row where the month is over.
-- engine: duckdb
WITH newest AS (
  SELECT max(made_date) AS made_date
  FROM forecasts
  WHERE
    subject_kind = 'organization' AND period_start_date = $since AND NOT is_backfilled
    AND made_date <= $today AND $today < $until
)

SELECT
  f.subject_kind, f.subject_id, f.period_start_date, f.period_end_date, f.made_date,
  f.known_until_date, f.spent_usd, f.forecast_usd, f.low80_usd, f.high80_usd, f.low95_usd,
  f.high95_usd, f.amount_usd, f.exceeds_percent, f.crossing_date, f.crossing_first_date,
  f.crossing_last_date, f.left_out_projects, f.left_out_usd, f.remark,
  coalesce(r.forecasts, 0) AS record_forecasts, r.filled_in, r.error_percent, r.with_interval, r.within80
FROM forecasts AS f
INNER JOIN newest AS n ON n.made_date = f.made_date
LEFT JOIN forecast_record AS r
  ON r.subject_kind = f.subject_kind
  AND r.subject_id IS NOT DISTINCT FROM f.subject_id
  AND f.known_until_date - f.period_start_date BETWEEN r.first_day AND r.last_day
WHERE NOT f.is_backfilled
ORDER BY
  CASE f.subject_kind WHEN 'organization' THEN 1 WHEN 'budget' THEN 2 ELSE 3 END,
  coalesce(f.forecast_usd, f.spent_usd) DESC,
  f.subject_id,
  f.period_start_date
