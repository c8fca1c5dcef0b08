-- row: one calendar month in which anything was spent, by its first day.
-- engine: any
SELECT DISTINCT
  CAST(date_trunc('month', CAST(charge_date AS TIMESTAMP)) AS DATE) AS period_start_date
FROM spend_by_day
ORDER BY period_start_date
