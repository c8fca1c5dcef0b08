-- row: one line of the provider's costs endpoint; replaced_at is set once its day was fetched anew.
CREATE TABLE provider_costs (
  file_id         BIGINT NOT NULL,
  source          VARCHAR NOT NULL,
  bucket_key      VARCHAR NOT NULL,
  usage_date      DATE NOT NULL,
  organization_id VARCHAR NOT NULL,
  project_id      VARCHAR,
  api_key_id      VARCHAR,
  user_id         VARCHAR,
  line_item       VARCHAR,
  amount          DECIMAL(38,24) NOT NULL,
  currency        VARCHAR NOT NULL,
  quantity        DECIMAL(38,6),
  quantity_unit   VARCHAR,
  fetched_at      TIMESTAMP,
  input_file      VARCHAR NOT NULL,
  input_line      BIGINT NOT NULL,
  run_id          VARCHAR NOT NULL,
  replaced_at     TIMESTAMP
)
