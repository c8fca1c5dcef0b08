-- row: one budget and month, computed from charges by the last run. An ended month keeps the plan
--      (amount, project, model, scope, thresholds) that it ended with.
CREATE TABLE IF NOT EXISTS budget_status (
  budget_id          VARCHAR NOT NULL,
  period_start_date  DATE NOT NULL,            -- the organization's calendar
  period_end_date    DATE NOT NULL,            -- exclusive
  project_id         VARCHAR,                  -- NULL: the whole organization
  model              VARCHAR,                  -- NULL: every model
  scope              VARCHAR,                  -- NULL: every scope
  thresholds         INTEGER[] NOT NULL,       -- percent, ascending
  amount_usd         DECIMAL(38,24) NOT NULL,
  spent_usd          DECIMAL(38,24) NOT NULL,
  spent_ratio        DECIMAL(38,6),            -- rounded down: 0.8 means that 80 % is reached
  is_lower_bound     BOOLEAN NOT NULL,         -- some of the usage has no price
  unpriced_quantity  DECIMAL(38,6) NOT NULL,   -- in mixed units
  forecast_usd       DECIMAL(38,24),
  forecast_low_usd   DECIMAL(38,24),
  forecast_high_usd  DECIMAL(38,24),
  crossing_date      DATE,
  state              VARCHAR NOT NULL,         -- ok, near, over
  watched_since_date DATE NOT NULL,            -- the day on which this budget was first looked at
  PRIMARY KEY (budget_id, period_start_date)
)
