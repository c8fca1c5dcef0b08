-- row: one threshold of a budget and period that its spend has reached, as the last run found it.
CREATE TABLE IF NOT EXISTS budget_crossings (
  budget_id          VARCHAR NOT NULL,
  period_start_date  DATE NOT NULL,           -- the organization's calendar
  threshold_percent  INTEGER,                 -- NULL where the threshold is an amount
  threshold_usd      DECIMAL(38,24),          -- NULL where the threshold is a percentage
  reached_at_usd     DECIMAL(38,24) NOT NULL, -- the spend at which it is reached
  reached_date       DATE NOT NULL            -- the first day on which it was reached
)
