-- row: one hard spend limit at the provider, while it was so.
-- engine: duckdb
SELECT
  project_id, amount_usd, period, enforcement,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.spend_limits
