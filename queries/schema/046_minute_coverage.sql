-- row: consecutive minutes of one UTC day and endpoint that one fetch told, used or not.
-- A minute is in at most one row: the last fetch of it.
CREATE TABLE minute_coverage (
  usage_date      DATE NOT NULL,
  organization_id VARCHAR NOT NULL,
  endpoint        VARCHAR NOT NULL,
  started_at      TIMESTAMP NOT NULL,
  ended_at        TIMESTAMP NOT NULL,  -- exclusive
  fetched_at      TIMESTAMP,           -- NULL: a page from elsewhere
  is_late         BOOLEAN NOT NULL,    -- the fetch began inside the minute, so some is missing
  source          VARCHAR NOT NULL,
  input_file      VARCHAR NOT NULL,
  run_id          VARCHAR NOT NULL
)
