-- row: one service account of a project, while it was so; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE service_accounts (
  service_account_id VARCHAR NOT NULL,
  project_id         VARCHAR NOT NULL,
  name               VARCHAR,
  valid_from_at      TIMESTAMP NOT NULL,
  valid_to_at        TIMESTAMP
)
