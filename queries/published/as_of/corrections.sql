-- row: one correction of a closed month that was booked at an instant.
-- takes: as_of (known_at), and the published tables.
-- engine: duckdb
SELECT
  c.charge_date, c.booked_date, c.project_id, c.model, c.scope, c.requests, c.input_tokens,
  c.output_tokens, c.cost_usd, c.unpriced_quantity
FROM tollbook.stored.corrections AS c
CROSS JOIN as_of AS a
WHERE c.posted_at <= a.known_at AND (c.moved_back_at IS NULL OR c.moved_back_at > a.known_at)
