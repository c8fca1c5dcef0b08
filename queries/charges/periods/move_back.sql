-- row: one correction that was booked when more was closed: of a day that is still closed, it is
-- booked in the month that is open from now on; of a day that is open again, it is none any more.
-- engine: duckdb
UPDATE corrections
SET
  moved_back_at = CASE WHEN charge_date >= $open_from THEN $at END,
  booked_date = least(greatest(booked_date, $open_from), last_day($open_from)),
  open_from_date = CASE WHEN charge_date >= $open_from THEN open_from_date ELSE $open_from END
WHERE moved_back_at IS NULL AND open_from_date > $open_from
