-- row: one project, line item and UTC day at a provider: our charges against its costs.
-- ties: gap_usd = costs_usd - charges_usd = the sum of price_usd … unexplained_usd.
-- engine: duckdb
SELECT
  r.usage_date, r.provider, r.organization_id, r.project_id, p.project_name, r.line_item, r.model,
  r.meter, r.state, r.cause, r.charges_usd, r.costs_usd, r.gap_usd, r.counted_gap_usd, r.matched_usd,
  r.as_billed_usd, r.joined_by_name_usd, r.price_usd, r.quantity_usd, r.unpriced_usd,
  r.unknown_line_item_usd, r.free_tokens_usd, r.storage_and_tools_usd, r.no_usage_usd,
  r.no_costs_usd, r.lag_usd, r.credits_usd, r.unexplained_usd, r.charged_quantity,
  r.billed_quantity, r.other_currency, r.run_id, r.computed_at
FROM stored.reconciliation AS r
LEFT JOIN stored.projects AS p ON p.project_id = r.project_id
