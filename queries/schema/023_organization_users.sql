-- row: one person of the organization, while it was so; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE IF NOT EXISTS organization_users (
  user_id       VARCHAR NOT NULL,
  name          VARCHAR,
  email         VARCHAR,
  role          VARCHAR,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
