-- row: as in 004_alerts; threshold_usd is the threshold where it is an amount, not a percentage.
ALTER TABLE alerts ADD COLUMN threshold_usd DECIMAL(38,24)
