-- row: one day of the month that is compared (charge_date) and the one that it is compared with; of
--      two whole months also the days that only one of them has.
-- engine: duckdb
SELECT charge_date, compared_date, is_whole_month
FROM compared_days
WHERE month_start_date = $since
ORDER BY charge_date, compared_date
