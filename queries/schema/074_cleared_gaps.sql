-- row: one gap of a month that somebody cleared, with the amount that it had then.
CREATE TABLE cleared_gaps (
  clearing_id   VARCHAR PRIMARY KEY,
  month_date    DATE NOT NULL,           -- first day of the UTC month
  cause         VARCHAR NOT NULL,
  project_id    VARCHAR,
  model         VARCHAR,                 -- or the line item, where the bill names no model
  up_usd        DECIMAL(38,24) NOT NULL, -- what the bill had more, in sum over its lines
  down_usd      DECIMAL(38,24) NOT NULL, -- what it had less; zero or below
  reason        VARCHAR NOT NULL,
  cleared_by    VARCHAR NOT NULL,
  cleared_at    TIMESTAMP NOT NULL,
  run_id        VARCHAR NOT NULL,
  undone_reason VARCHAR,
  undone_by     VARCHAR,
  undone_at     TIMESTAMP                -- NULL: it holds
)
