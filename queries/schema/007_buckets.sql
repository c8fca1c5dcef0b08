-- row: one version of one provider bucket; a later fetch replaces it whole.
CREATE TABLE buckets (
  organization_id VARCHAR NOT NULL,
  bucket_key      VARCHAR NOT NULL,   -- endpoint, floored start, width
  endpoint        VARCHAR NOT NULL,
  started_at      TIMESTAMP NOT NULL,
  width           VARCHAR NOT NULL,
  fetched_at      TIMESTAMP,
  content_hash    VARCHAR NOT NULL,
  rows            BIGINT NOT NULL,
  source          VARCHAR NOT NULL,
  input_file      VARCHAR NOT NULL,
  input_line      BIGINT NOT NULL,
  is_current      BOOLEAN NOT NULL,
  run_id          VARCHAR NOT NULL
)
