-- row: one combination that was priced on one of some UTC days, and the instant that picked it.
-- engine: duckdb
SELECT
  usage_date, priced_at, provider, model, meter, service_tier, context_class, variant, project_id
FROM day_prices
WHERE list_contains(CAST($days AS DATE[]), usage_date)
