-- row: by how much a run moved the sums of a day of a closed month, and in which month it is booked.
CREATE TABLE IF NOT EXISTS corrections (
  charge_date            DATE NOT NULL,
  project_id             VARCHAR,
  model                  VARCHAR,
  scope                  VARCHAR,
  requests               BIGINT NOT NULL,
  input_tokens           BIGINT NOT NULL,
  output_tokens          BIGINT NOT NULL,
  cost_usd               DECIMAL(38, 24),     -- NULL: nothing has a price, before and after
  unpriced_quantity      DECIMAL(38, 6) NOT NULL,
  long_context_doubt_usd DECIMAL(38, 24) NOT NULL,
  lines                  BIGINT NOT NULL,     -- sums that came, less those that went
  priced_lines           BIGINT NOT NULL,     -- of them, those with a price
  open_from_date         DATE NOT NULL,       -- all days before were closed then
  booked_date            DATE NOT NULL,       -- a day of the open month
  posted_at              TIMESTAMP NOT NULL,
  run_id                 VARCHAR NOT NULL,
  moved_back_at          TIMESTAMP            -- when its month was reopened; NULL: it is booked
)
