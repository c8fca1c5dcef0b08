-- row: one spend limit of the provider, while it was so (valid_to_at is NULL: it is so now).
-- engine: duckdb
SELECT project_id, amount_usd, valid_from_at, valid_to_at
FROM spend_limits
WHERE period = 'month' AND amount_usd > 0
ORDER BY project_id, valid_from_at
