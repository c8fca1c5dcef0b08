-- row: one day that may be compared with the same day of the month before: both are complete.
-- engine: duckdb
-- view: One day that may be compared with the day of the same number in the month before: every
--   source that decides has covered both to their end. Where both months are complete as a whole,
--   the days that only one of them has are there too.
-- column month_start_date DATE: First day of the month that is compared with the one before
-- column charge_date DATE: The organization's day; NULL: only the month before has this day
-- column compared_date DATE: The day of the month before; NULL: only the month itself has this day
-- column is_whole_month BOOLEAN: Whether both months are complete, so that all their days compare
WITH complete_days AS (
  SELECT
    calendar_date AS day_date,
    CAST(date_trunc('month', calendar_date) AS DATE) AS month_date,
    extract(day FROM calendar_date) AS day_number
  FROM stored.calendar
  WHERE is_day_complete
  GROUP BY calendar_date
),

months AS (
  SELECT month_date, count(*) = extract(day FROM last_day(month_date)) AS is_whole
  FROM complete_days
  GROUP BY month_date
),

pairs AS (
  SELECT
    coalesce(n.month_date, CAST(b.month_date + INTERVAL 1 MONTH AS DATE)) AS month_start_date,
    n.day_date AS charge_date,
    b.day_date AS compared_date
  FROM complete_days AS n
  FULL JOIN complete_days AS b
    ON CAST(b.month_date + INTERVAL 1 MONTH AS DATE) = n.month_date
    AND b.day_number = n.day_number
)

SELECT
  p.month_start_date, p.charge_date, p.compared_date,
  coalesce(now.is_whole AND before.is_whole, FALSE) AS is_whole_month
FROM pairs AS p
LEFT JOIN months AS now ON now.month_date = p.month_start_date
LEFT JOIN months AS before
  ON CAST(before.month_date + INTERVAL 1 MONTH AS DATE) = p.month_start_date
WHERE
  (p.charge_date IS NOT NULL AND p.compared_date IS NOT NULL)
  OR coalesce(now.is_whole AND before.is_whole, FALSE)
