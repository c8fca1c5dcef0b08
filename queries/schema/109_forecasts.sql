-- row: one forecast, as it was made on a day for a subject and period. Never changed or deleted.
CREATE TABLE IF NOT EXISTS forecasts (
  subject_kind         VARCHAR NOT NULL,         -- project, budget or organization
  subject_id           VARCHAR,                  -- NULL: the organization, or lines without a project
  period_start_date    DATE NOT NULL,            -- the organization's calendar
  period_end_date      DATE NOT NULL,            -- exclusive
  made_date            DATE NOT NULL,            -- the organization's day, by the business clock
  made_at              TIMESTAMP NOT NULL,       -- UTC, by the business clock
  run_id               VARCHAR NOT NULL,
  is_backfilled        BOOLEAN NOT NULL,         -- made later, from what was known then
  known_until_date     DATE NOT NULL,            -- the first day that was not known in full
  history_days         INTEGER NOT NULL,         -- with cost
  spent_usd            DECIMAL(38,24) NOT NULL,  -- known then
  forecast_usd         DECIMAL(38,24),           -- NULL: remark says why
  low80_usd            DECIMAL(38,24),           -- NULL: too few past errors for an interval
  high80_usd           DECIMAL(38,24),
  low95_usd            DECIMAL(38,24),
  high95_usd           DECIMAL(38,24),
  method               VARCHAR,                  -- level, last_week or sum
  remark               VARCHAR,
  amount_usd           DECIMAL(38,24),           -- of a budget, then
  exceeds_percent      INTEGER,                  -- 9 stands for less than 10, 91 for more than 90
  crossing_date        DATE,
  crossing_first_date  DATE,
  crossing_last_date   DATE,
  left_out_projects    INTEGER NOT NULL,         -- without a forecast of their own
  left_out_usd         DECIMAL(38,24) NOT NULL,  -- what they count for in forecast_usd
  run_rate_usd         DECIMAL(38,24),           -- what others would have said: the mean day goes on
  seasonal_naive_usd   DECIMAL(38,24)            -- the last week goes on
)
