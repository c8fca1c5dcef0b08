-- row: one price of the current book that a charge's price id names, or its list price.
-- engine: duckdb
SELECT
  price_id, provider, model, layer, price_usd, per, unit, unit_price_usd, long_above_tokens,
  valid_from_at, valid_to_at, source, recorded_at
FROM prices
WHERE list_contains($price_ids, price_id)
  OR (layer = 'list' AND list_contains($list_hashes, split_part(price_id, '#', 2)))
ORDER BY price_id
