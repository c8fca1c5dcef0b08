-- row: one role of a person in a project, while it held; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE project_members (
  project_id    VARCHAR NOT NULL,
  user_id       VARCHAR NOT NULL,
  role          VARCHAR,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
