-- row: one hard spend limit of the provider, while it was so; valid_to_at is exclusive, NULL: now.
CREATE TABLE IF NOT EXISTS spend_limits (
  project_id    VARCHAR,                  -- NULL: the organization's
  amount_usd    DECIMAL(38,24) NOT NULL,
  period        VARCHAR NOT NULL,         -- month
  enforcement   VARCHAR,                  -- enforcing, inactive
  source        VARCHAR,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
