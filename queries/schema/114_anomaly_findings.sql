-- row: what is unusual about a project and model on a day that was judged.
CREATE TABLE IF NOT EXISTS anomaly_findings (
  charge_date DATE NOT NULL,
  project_id  VARCHAR,                  -- NULL: the source does not say, or a dip of all projects
  model       VARCHAR,
  signal      VARCHAR NOT NULL,         -- cost, unit_cost, price, dip
  direction   VARCHAR NOT NULL,         -- up, down
  usual_usd   DECIMAL(38, 24) NOT NULL, -- an estimate, as the next
  excess_usd  DECIMAL(38, 24) NOT NULL, -- negative where cost is missing
  since_date  DATE NOT NULL,            -- first day of the run of days that it belongs to
  is_level    BOOLEAN NOT NULL          -- it has lasted, and is the level since that day
)
