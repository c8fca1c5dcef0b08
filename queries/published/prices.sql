-- row: one row of the price book that the newest run used, list or contracted.
-- engine: duckdb
SELECT
  price_id, provider, model, meter, service_tier, context_class, variant, layer, price_usd, per,
  unit, unit_price_usd, long_above_tokens, valid_from_at, valid_to_at, source, recorded_at, book_id
FROM stored.prices
