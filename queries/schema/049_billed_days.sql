-- row: one UTC day with charges that only the provider's costs show, as they are posted.
CREATE TABLE billed_days (
  usage_date   DATE PRIMARY KEY,
  content_hash VARCHAR NOT NULL
)
