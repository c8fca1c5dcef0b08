-- row: what a unit of a currency is worth in US dollars from a day on, as it was recorded.
CREATE TABLE IF NOT EXISTS currency_rates (
  currency        VARCHAR NOT NULL,
  valid_from_date DATE NOT NULL,
  usd_per_unit    DECIMAL(38,18) NOT NULL,
  recorded_at     TIMESTAMP NOT NULL -- UTC; of two for one day the later one holds
)
