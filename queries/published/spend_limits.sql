-- row: one hard spend limit at the provider, while it was so.
-- engine: duckdb
-- view: One hard spend limit at the provider, while it was so; budgets of our own are in budgets.
-- column project_id VARCHAR: Id of the project; NULL: the whole organization
-- column amount_usd DECIMAL(38,24): Limit for the period, USD
-- column period VARCHAR: What the limit is for: a month, in UTC
-- column enforcement VARCHAR: State at the provider, such as enforcing or inactive
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  project_id, amount_usd, period, enforcement,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.spend_limits
