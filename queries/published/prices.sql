-- row: one row of the price book that the newest run used, list or contracted.
-- engine: duckdb
-- view: One price: what one meter of one model costs in one tier and context class, from when to
--   when.
-- column price_id VARCHAR: Id of the price; the first word of price_id in charges
-- column provider VARCHAR: Who provides the model
-- column model VARCHAR: Exact id of the model, or ft:BASE for every fine-tuned model of that base
-- column meter VARCHAR: What is counted: one of the meter columns of usage
-- column service_tier VARCHAR: default, flex, priority, batch or scale
-- column context_class VARCHAR: base or long
-- column variant VARCHAR: What else decides the price; NULL: any
-- column layer VARCHAR: Where it comes from: the built-in list or one of the user's files; the
--   later layer wins
-- column price_usd DECIMAL(38,18): Price as written, USD for per units
-- column per BIGINT: Number of units that price_usd is for
-- column unit VARCHAR: Unit of the meter
-- column unit_price_usd DECIMAL(22,18): Price of one unit, USD
-- column long_above_tokens BIGINT: Input tokens of one request above which the long price holds;
--   NULL on base prices
-- column valid_from_at TIMESTAMP: First instant it holds, UTC; NULL: open
-- column valid_to_at TIMESTAMP: First instant it no longer holds, UTC; NULL: open
-- column source VARCHAR: Where the price was published
-- column recorded_at TIMESTAMP: When it was written down, UTC
-- column book_id VARCHAR: Price book it belongs to
SELECT
  price_id, provider, model, meter, service_tier, context_class, variant, layer, price_usd, per,
  unit, unit_price_usd, long_above_tokens, valid_from_at, valid_to_at, source, recorded_at, book_id
FROM stored.prices
