-- row: one action on the limits of a project, for a budget that is over in a period. Never deleted.
CREATE TABLE IF NOT EXISTS budget_actions (
  action_id         VARCHAR NOT NULL,
  budget_id         VARCHAR NOT NULL,
  period_start_date DATE NOT NULL,
  project_id        VARCHAR NOT NULL,
  kind              VARCHAR NOT NULL,        -- spend_limit, rate_limits
  state             VARCHAR NOT NULL,        -- see pipeline/actions/model.py
  amount_usd        DECIMAL(38, 24) NOT NULL, -- of the budget, when it was found to be over
  spent_usd         DECIMAL(38, 24) NOT NULL, -- then
  limit_usd         DECIMAL(38, 24),         -- that it sets; NULL for rate limits
  limited_month     DATE,                    -- the provider's month for which; NULL for rate limits
  limits_before     VARCHAR,                 -- JSON by limit; NULL: not read yet
  limits_set        VARCHAR,                 -- JSON by limit
  requested_at      TIMESTAMP NOT NULL,      -- UTC, as all below
  requested_by_run  VARCHAR NOT NULL,
  approved_by       VARCHAR,                 -- NULL: nobody, or none was needed
  approved_at       TIMESTAMP,
  applied_at        TIMESTAMP,
  ended_at          TIMESTAMP,               -- restored, withdrawn, or left as somebody had set it
  ended_by          VARCHAR,                 -- NULL: a run
  remark            VARCHAR,                 -- what was left alone and why
  error             VARCHAR                  -- why the last attempt failed; NULL: it did not
)
