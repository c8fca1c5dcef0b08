-- row: one change of a budget, made or refused. Never deleted.
CREATE TABLE IF NOT EXISTS budget_changes (
  budget_id      VARCHAR NOT NULL,
  changed_at     TIMESTAMP NOT NULL, -- UTC
  changed_by     VARCHAR,            -- NULL where nobody was named
  outcome        VARCHAR NOT NULL,   -- made, refused
  what           VARCHAR NOT NULL,   -- added, removed, amount, or the key that changed
  effective_date DATE,               -- from when on
  before         VARCHAR,
  after          VARCHAR,
  reason         VARCHAR,
  found_in       VARCHAR NOT NULL,   -- command, file
  run_id         VARCHAR
)
