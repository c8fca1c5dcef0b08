-- row: one day of the month or of the month before that is over and not complete, of one source that
--      is not there: late, missing or before the start. Before the first day of the calendar, no
--      source is named.
-- engine: duckdb
SELECT calendar_date, source, state
FROM calendar
WHERE
  calendar_date >= $previous_since AND calendar_date < least($until, $today)
  AND is_decisive AND NOT is_day_complete AND state <> 'complete'
UNION ALL
SELECT CAST(days.day_at AS DATE) AS calendar_date, '' AS source, 'before the start' AS state
FROM (SELECT min(calendar_date) AS first_date FROM calendar) AS covered
CROSS JOIN generate_series(
  CAST($previous_since AS TIMESTAMP),
  CAST(least($until, $today, covered.first_date) AS TIMESTAMP) - INTERVAL 1 DAY,
  INTERVAL 1 DAY
) AS days (day_at)
ORDER BY calendar_date, source
