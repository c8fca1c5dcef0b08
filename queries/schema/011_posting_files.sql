-- row: one file of charge postings (Parquet, written once): one run, UTC day and reason.
CREATE TABLE posting_files (
  path       VARCHAR PRIMARY KEY,  -- relative to the storage root
  usage_date DATE NOT NULL,
  reason     VARCHAR NOT NULL,
  rows       BIGINT NOT NULL,
  posted_at  TIMESTAMP NOT NULL,
  run_id     VARCHAR NOT NULL
)
