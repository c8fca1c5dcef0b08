-- row: one invitation into the organization, while it was so; valid_to_at is exclusive, NULL: now.
CREATE TABLE IF NOT EXISTS invites (
  invite_id     VARCHAR NOT NULL,
  email         VARCHAR,
  role          VARCHAR,             -- in the organization: owner, reader
  status        VARCHAR,             -- pending, accepted, expired
  created_at    TIMESTAMP,
  expires_at    TIMESTAMP,
  accepted_at   TIMESTAMP,
  project_ids   VARCHAR[] NOT NULL,  -- the projects that it leads into
  project_roles VARCHAR[] NOT NULL,  -- the role in each of them
  source        VARCHAR,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
