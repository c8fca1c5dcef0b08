-- row: one thing said to people, or recorded without saying it: a budget's threshold in a month,
--      a run that went wrong, a schedule that stands still. Never deleted.
CREATE TABLE IF NOT EXISTS alerts (
  alert_id          VARCHAR PRIMARY KEY,  -- a hash of kind, subject, period and threshold
  raised_at         TIMESTAMP NOT NULL,   -- UTC; the last time it was raised
  kind              VARCHAR NOT NULL,     -- budget, run, schedule
  subject_id        VARCHAR NOT NULL,     -- the budget, the run, or 'schedule'
  period_start_date DATE,                 -- NULL where no period is meant
  threshold_percent INTEGER,              -- NULL where no threshold is meant
  severity          VARCHAR NOT NULL,     -- info, warning, critical
  message           VARCHAR NOT NULL,     -- the last thing said about it
  about             VARCHAR NOT NULL,     -- a budget's project, model and scope; what went wrong in a run
  state             VARCHAR NOT NULL,     -- open, resolved, retracted
  is_true           BOOLEAN NOT NULL,     -- what it says held at the last look
  delivery          VARCHAR NOT NULL,     -- to send, sent, printed, not sent (period had ended)
  delivered_at      TIMESTAMP,            -- UTC; when every channel had it
  resolved_at       TIMESTAMP,            -- UTC; when it was resolved or taken back
  amount_usd        DECIMAL(38,24),       -- the budget when it was last raised
  spent_usd         DECIMAL(38,24),       -- the spend when it was last raised
  times_raised      INTEGER NOT NULL,
  run_id            VARCHAR NOT NULL      -- the run that raised it last
)
