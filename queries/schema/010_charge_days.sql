-- row: the state of one UTC day: its charges, the small sums beside them, the book that rated it.
CREATE TABLE charge_days (
  usage_date      DATE PRIMARY KEY,
  book_id         VARCHAR NOT NULL,
  charge_path     VARCHAR NOT NULL,  -- relative to the storage root
  daily_path      VARCHAR NOT NULL,
  first_posted_at TIMESTAMP NOT NULL,
  run_id          VARCHAR NOT NULL
)
