-- row: as before; period_end_date is the first day after the alert's period, NULL where an earlier
--      version raised it: then the period is a month.
ALTER TABLE alerts ADD COLUMN IF NOT EXISTS period_end_date DATE
