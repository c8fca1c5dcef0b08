-- row: whether any rate limit is known.
SELECT count(*) > 0 AS is_known
FROM rate_limits
