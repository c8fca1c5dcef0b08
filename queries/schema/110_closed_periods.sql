-- row: one closing of a month of the organization's calendar. A month that is closed again has another row.
CREATE TABLE IF NOT EXISTS closed_periods (
  period_start_date DATE NOT NULL,
  period_end_date   DATE NOT NULL,           -- first day after it
  version           INTEGER NOT NULL,        -- 1, and one more each time it is closed again
  closed_at         TIMESTAMP NOT NULL,      -- UTC
  closed_by         VARCHAR NOT NULL,
  reason            VARCHAR,                 -- why it was closed though something was in the way
  in_the_way        VARCHAR NOT NULL,        -- what was, one a line; empty: nothing
  content_hash      VARCHAR NOT NULL,        -- SHA-256 of its manifest, which has that of each file
  folder            VARCHAR NOT NULL,        -- of its files, relative to the storage root
  requests          BIGINT NOT NULL,
  cost_usd          DECIMAL(38, 24) NOT NULL, -- of its days
  corrections_usd   DECIMAL(38, 24) NOT NULL, -- of months closed before, booked in it
  unpriced_quantity DECIMAL(38, 6) NOT NULL,
  run_id            VARCHAR NOT NULL,
  reopened_at       TIMESTAMP,               -- NULL: it is closed
  reopened_by       VARCHAR,
  reopen_reason     VARCHAR,
  PRIMARY KEY (period_start_date, version)
)
