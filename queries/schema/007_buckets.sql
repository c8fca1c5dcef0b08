-- row: the current version of one provider bucket; a later fetch replaces it whole.
CREATE TABLE buckets (
  source          VARCHAR NOT NULL,
  organization_id VARCHAR NOT NULL,
  bucket_key      VARCHAR NOT NULL,   -- endpoint, floored start, width
  endpoint        VARCHAR NOT NULL,
  started_at      TIMESTAMP NOT NULL,
  width           VARCHAR NOT NULL,
  fetched_at      TIMESTAMP,
  dimensions      VARCHAR NOT NULL,
  input_file      VARCHAR NOT NULL,
  rows            BIGINT NOT NULL,
  run_id          VARCHAR NOT NULL
)
