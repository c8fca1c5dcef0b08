-- row: all rate limits in short, by which it is seen that they changed; a newer DuckDB may give
--      another mark for the same limits, and then peaks are taken anew.
-- engine: duckdb
SELECT
  count(*) AS limits,
  bit_xor(hash(
    provider, project_id, model, max_requests_per_1_minute, max_tokens_per_1_minute, valid_from_at,
    valid_to_at
  )) AS mark
FROM rate_limits
