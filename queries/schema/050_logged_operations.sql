-- row: one operation that a project's own charge records show, of those that usage endpoints do not.
CREATE TABLE logged_operations (
  organization_id VARCHAR NOT NULL,
  project_id      VARCHAR NOT NULL,   -- empty: no project
  operation       VARCHAR NOT NULL
)
