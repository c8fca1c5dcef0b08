-- row: one ledger file (Parquet, written once); the live ledger is these minus excluded_rows.
CREATE TABLE ledger_files (
  ledger_id         BIGINT PRIMARY KEY,
  path              VARCHAR NOT NULL,  -- relative to the storage root
  usage_month_date  DATE NOT NULL,
  basis             VARCHAR NOT NULL,
  is_bucket         BOOLEAN NOT NULL,  -- provider buckets, replaced whole
  rows              BIGINT NOT NULL,
  first_usage_date  DATE NOT NULL,
  last_usage_date   DATE NOT NULL,
  meters            VARCHAR[] NOT NULL,  -- those that occur, so that rating sums only them
  most_input_tokens BIGINT NOT NULL,  -- of one record: whether any can be of the long context
  run_id            VARCHAR NOT NULL
)
