-- row: one row of a published view about a day of a month, as it was closed.
-- takes: view, its name; columns, those of the view; $since, $until, the month's days, half-open.
-- engine: duckdb
SELECT {{ columns | columns }}
FROM {{ view }}
WHERE charge_date >= $since AND charge_date < $until
ORDER BY ALL
