-- row: one spend alert at the provider, while it was so.
-- engine: duckdb
-- view: One spend alert at the provider, while it was so; it notifies and stops nothing.
-- column project_id VARCHAR: Id of the project; NULL: the whole organization
-- column alert_id VARCHAR: Id of the alert, the provider's
-- column amount_usd DECIMAL(38,24): Spend of the period at which it notifies, USD
-- column period VARCHAR: What the amount is for: a month, in UTC
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: Source that tells it, as the configuration names it
SELECT
  project_id, alert_id, amount_usd, period,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.spend_alerts
