-- row: one project, while it was so; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE IF NOT EXISTS project_history (
  project_id    VARCHAR NOT NULL,
  project_name  VARCHAR,
  state         VARCHAR NOT NULL,    -- active, archived
  created_at    TIMESTAMP,
  archived_at   TIMESTAMP,
  description   VARCHAR,             -- this and the next two are ours: the API has no such fields
  website       VARCHAR,
  owner_team    VARCHAR,
  source        VARCHAR,             -- the source that told it, or '(file)'
  valid_from_at TIMESTAMP NOT NULL,  -- 1970-01-01: from the beginning
  valid_to_at   TIMESTAMP
)
