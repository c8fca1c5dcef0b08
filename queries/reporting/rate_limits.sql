-- row: whether any rate limit is known.
-- engine: duckdb
SELECT count(*) > 0 AS is_known
FROM rate_limits
