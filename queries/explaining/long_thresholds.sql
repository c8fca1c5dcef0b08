-- row: from how many input tokens on a request of one model is long, and when that holds.
SELECT model, long_above_tokens, valid_from_at, valid_to_at
FROM prices
WHERE long_above_tokens IS NOT NULL AND list_contains($models, model)
GROUP BY model, long_above_tokens, valid_from_at, valid_to_at
ORDER BY model, long_above_tokens
