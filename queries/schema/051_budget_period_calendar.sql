-- row: as before; period_calendar names the calendar that the budget's periods are cut by.
ALTER TABLE budget_status ADD COLUMN IF NOT EXISTS period_calendar VARCHAR DEFAULT 'month'
