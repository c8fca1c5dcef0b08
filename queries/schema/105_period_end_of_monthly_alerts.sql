-- row: as before; alerts from before periods had ends are of calendar months, and end with them.
UPDATE alerts
SET period_end_date = CAST(period_start_date + INTERVAL 1 MONTH AS DATE)
WHERE period_end_date IS NULL AND period_start_date IS NOT NULL
