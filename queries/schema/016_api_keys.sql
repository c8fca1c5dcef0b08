-- row: one API key of a project, while it was so; never the key itself; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE api_keys (
  api_key_id         VARCHAR NOT NULL,
  project_id         VARCHAR NOT NULL,
  name               VARCHAR,
  service_account_id VARCHAR,
  user_id            VARCHAR,
  state              VARCHAR NOT NULL,
  valid_from_at      TIMESTAMP NOT NULL,
  valid_to_at        TIMESTAMP
)
