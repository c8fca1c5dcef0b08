-- row: one project of the organization, as the directory file names it.
CREATE TABLE projects (
  project_id   VARCHAR PRIMARY KEY,
  project_name VARCHAR,
  state        VARCHAR,
  created_at   TIMESTAMP,
  archived_at  TIMESTAMP
)
