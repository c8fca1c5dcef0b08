-- row: one spend alert of the provider, while it was so; valid_to_at is exclusive, NULL: now.
CREATE TABLE IF NOT EXISTS spend_alerts (
  project_id    VARCHAR,                  -- NULL: the organization's
  alert_id      VARCHAR NOT NULL,         -- the provider's
  amount_usd    DECIMAL(38,24) NOT NULL,
  period        VARCHAR NOT NULL,         -- month
  source        VARCHAR,
  valid_from_at TIMESTAMP NOT NULL,
  valid_to_at   TIMESTAMP
)
