-- row: the cost centre and team of one project on some days, as the file says now.
CREATE TABLE IF NOT EXISTS cost_centers (
  project_id      VARCHAR NOT NULL,
  cost_center     VARCHAR NOT NULL,
  team            VARCHAR,
  valid_from_date DATE,  -- the organization's days; NULL: from the beginning
  valid_to_date   DATE   -- exclusive; NULL: without end
)
