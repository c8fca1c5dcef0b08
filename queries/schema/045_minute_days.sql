-- row: one UTC day of minute buckets: the file (Parquet, written once) with all its rows. Never charged.
CREATE TABLE minute_days (
  usage_date DATE PRIMARY KEY,
  path       VARCHAR NOT NULL,  -- relative to the storage root
  rows       BIGINT NOT NULL,
  run_id     VARCHAR NOT NULL
)
