-- row: one day of the organization that was judged for anomalies.
CREATE TABLE IF NOT EXISTS judged_days (
  charge_date DATE NOT NULL,
  mark        VARCHAR NOT NULL  -- of what it was judged by; a day with another is judged again
)
