-- row: one version of a budget's plan, from when it was recorded until the next version.
CREATE TABLE IF NOT EXISTS budget_plans (
  budget_id   VARCHAR NOT NULL,
  recorded_at TIMESTAMP NOT NULL, -- UTC
  plan        VARCHAR,            -- as text; NULL: the budget is no longer configured
  run_id      VARCHAR             -- the run that found it; NULL: recorded by `budgets set`
)
