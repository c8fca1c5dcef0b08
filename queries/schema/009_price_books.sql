-- row: one price book as it was used, whole, so that a pinned day can be rated with it years later.
CREATE TABLE price_books (
  book_id       VARCHAR PRIMARY KEY,
  body          VARCHAR NOT NULL,
  first_used_at TIMESTAMP NOT NULL,
  run_id        VARCHAR NOT NULL
)
