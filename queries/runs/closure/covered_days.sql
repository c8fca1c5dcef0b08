-- row: one: how many days of a month any source has covered whose usage is charged (or whose costs,
-- where none brings usage), and the first day of all that one has begun by. A source that is set
-- aside counts for what it has.
-- takes: $since, $until, the month's days, half-open.
-- engine: duckdb
SELECT
  count(DISTINCT calendar_date) FILTER (
    WHERE state = 'complete' AND calendar_date >= $since AND calendar_date < $until
  ) AS covered_days,
  min(calendar_date) FILTER (WHERE state <> 'before the start') AS first_date
FROM calendar
WHERE is_decisive OR role = 'set aside'
