-- row: from how many input tokens on a request of one provider's model is long, and when that holds.
-- engine: duckdb
SELECT provider, model, long_above_tokens, valid_from_at, valid_to_at
FROM prices
WHERE long_above_tokens IS NOT NULL AND list_contains($models, model)
GROUP BY provider, model, long_above_tokens, valid_from_at, valid_to_at
ORDER BY provider, model, long_above_tokens
