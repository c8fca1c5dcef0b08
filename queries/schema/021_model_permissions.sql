-- row: which models a project may use, while it was so; valid_to_at is exclusive, NULL: it is so now.
CREATE TABLE IF NOT EXISTS model_permissions (
  project_id    VARCHAR NOT NULL,
  mode          VARCHAR NOT NULL,    -- allow_list, deny_list
  model_ids     VARCHAR[] NOT NULL,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
