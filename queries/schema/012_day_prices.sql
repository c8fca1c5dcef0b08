-- row: one price that was looked up for one UTC day; price_id is NULL where there was none.
CREATE TABLE day_prices (
  usage_date    DATE NOT NULL,
  priced_at     TIMESTAMP NOT NULL,  -- the instant within the day that picked it
  provider      VARCHAR NOT NULL,
  model         VARCHAR NOT NULL,
  meter         VARCHAR NOT NULL,
  service_tier  VARCHAR NOT NULL,
  context_class VARCHAR NOT NULL,
  variant       VARCHAR,
  project_id    VARCHAR,
  price_id      VARCHAR
)
