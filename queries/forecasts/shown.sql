-- row: one forecast of forecasts_shown, the organization first, then budgets and projects, the
-- largest first; with the record of its subject at the same horizon: forecasts of periods that had
-- ended by $today, made by $at, half of which were off by no more than record_error_percent.
-- $project: of this project and its budgets alone; NULL: all.
-- takes: daily, the small sums by day.
-- engine: duckdb
WITH {% include "forecasts/compared.sql.j2" %},

record AS (
  SELECT
    subject_kind,
    subject_id,
    first_day,
    count(*) AS forecasts,
    median(error_usd / cost_usd) AS error_ratio,
    sum(is_within80) AS within80,
    count(low80_usd) AS with_interval
  FROM compared
  GROUP BY subject_kind, subject_id, first_day
)

SELECT
  f.subject_kind,
  f.subject_id,
  p.project_name AS subject_name,
  f.period_start_date,
  f.period_end_date,
  f.known_until_date,
  f.spent_usd,
  f.forecast_usd,
  f.low80_usd,
  f.high80_usd,
  f.low95_usd,
  f.high95_usd,
  f.method,
  f.history_days,
  f.amount_usd,
  CASE
    WHEN f.exceeds_percent < 10 THEN '< 10 %'
    WHEN f.exceeds_percent > 90 THEN '> 90 %'
    ELSE f.exceeds_percent || ' %'
  END AS exceeds,
  f.crossing_date,
  f.crossing_first_date,
  f.crossing_last_date,
  f.left_out_projects,
  f.left_out_usd,
  f.remark,
  coalesce(r.forecasts, 0) AS record_forecasts,
  CAST(100 * r.error_ratio AS DECIMAL(18, 1)) AS record_error_percent,
  r.within80 AS record_within80,
  r.with_interval AS record_with_interval
FROM forecasts_shown AS f
LEFT JOIN projects AS p ON f.subject_kind = 'project' AND p.project_id = f.subject_id
LEFT JOIN horizon AS h
  ON f.known_until_date - f.period_start_date BETWEEN h.first_day AND h.last_day
LEFT JOIN record AS r
  ON r.subject_kind = f.subject_kind
  AND r.subject_id IS NOT DISTINCT FROM f.subject_id
  AND r.first_day = h.first_day
WHERE
  $project IS NULL
  OR (f.subject_kind = 'project' AND f.subject_id = $project)
  OR (
    f.subject_kind = 'budget'
    AND f.subject_id IN (SELECT budget_id FROM budget_status WHERE project_id = $project)
  )
ORDER BY
  CASE f.subject_kind WHEN 'organization' THEN 1 WHEN 'budget' THEN 2 ELSE 3 END,
  coalesce(f.forecast_usd, f.spent_usd) DESC,
  f.subject_id,
  f.period_start_date
