-- row: one UTC day that was compared, and what with; it is compared again when either has changed.
CREATE TABLE reconciled_days (
  usage_date   DATE PRIMARY KEY,
  content_mark VARCHAR NOT NULL,  -- of its charges and of its costs
  is_open      BOOLEAN NOT NULL,  -- the costs could still change
  run_id       VARCHAR NOT NULL
)
