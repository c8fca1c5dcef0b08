-- row: one a source, what it covers (usage or costs) and state of days of the month that are over.
-- engine: duckdb
SELECT
  source, covers, role, covered_until_at, state,
  list(calendar_date ORDER BY calendar_date)
    FILTER (WHERE calendar_date >= $since AND calendar_date < least($until, $today)) AS days
FROM calendar
GROUP BY source, covers, role, covered_until_at, state
ORDER BY source, covers DESC, state
