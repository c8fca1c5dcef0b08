-- row: one request that was dropped as a duplicate of a ledger row that another file has: what counts
-- again if that file is forgotten.
CREATE TABLE dropped_duplicates (
  identity_hash      UBIGINT NOT NULL,
  file_id            BIGINT NOT NULL,
  input_line         BIGINT NOT NULL,
  run_id             VARCHAR NOT NULL,
  ledger_id          BIGINT NOT NULL,   -- of the row with the same content
  row_number         BIGINT NOT NULL,
  project_id         VARCHAR,           -- who asked, which is not content
  api_key_id         VARCHAR,
  user_id            VARCHAR,
  service_account_id VARCHAR
)
