-- row: one project, line item and UTC day at a provider: our charges against its costs.
-- ties: gap_usd = costs_usd - charges_usd = the sum of price_usd … unexplained_usd.
-- engine: duckdb
-- view: One project, line item and UTC day: our charges against the provider's costs, as last
--   compared.
-- column usage_date DATE: UTC day of both sides
-- column provider VARCHAR: Whose costs the charges are compared with, such as openai
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the bill names none
-- column project_name VARCHAR: Name of the project as of now; NULL where it is not known
-- column line_item VARCHAR: Line item as the bill writes it, or would; several joined by +; NULL
--   where the bill names none
-- column model VARCHAR: Model as we charge it, or as the bill names it where we charge nothing;
--   several joined by +; NULL where there is none
-- column meter VARCHAR: Meter of the quantities; NULL where there is no single one
-- column state VARCHAR: compared, in_lag (the costs may still change), no_costs_fetched, or
--   other_currency (not comparable)
-- column cause VARCHAR: The largest part of the gap; without a gap what made both sides agree, such
--   as model_name; NULL: plainly matched
-- column charges_usd DECIMAL(38,24): Our charges, USD; the free storage of the organization is
--   spread over the projects that store
-- column costs_usd DECIMAL(38,24): The provider's costs, USD, credits included; NULL where none
--   were fetched
-- column gap_usd DECIMAL(38,24): costs_usd - charges_usd, USD: the sum of the causes below; NULL
--   where they cannot be compared
-- column counted_gap_usd DECIMAL(38,24): gap_usd without lag, free tokens and credits, USD: what
--   --fail-on reconciliation counts
-- column matched_usd DECIMAL(38,24): What both sides have, USD
-- column as_billed_usd DECIMAL(38,24): Part of matched_usd that we charge at the provider's own
--   amount, USD
-- column joined_by_name_usd DECIMAL(38,24): Part of matched_usd that has another model name in
--   usage than in costs, USD
-- column price_usd DECIMAL(38,24): Part of the gap, USD: the price differs
-- column quantity_usd DECIMAL(38,24): Part of the gap, USD: the quantity differs, at our price
-- column unpriced_usd DECIMAL(38,24): Part of the gap, USD: usage that has no price with us
-- column unknown_line_item_usd DECIMAL(38,24): Part of the gap, USD: a line item that nobody here
--   knows
-- column free_tokens_usd DECIMAL(38,24): Part of the gap, USD: complimentary tokens, which the
--   provider did not charge
-- column storage_and_tools_usd DECIMAL(38,24): Part of the gap, USD: storage, searches, sessions
--   and other items that are not tokens
-- column no_usage_usd DECIMAL(38,24): Part of the gap, USD: costs without usage rows
-- column no_costs_usd DECIMAL(38,24): Part of the gap, USD: charges without costs, though the day's
--   costs were fetched
-- column lag_usd DECIMAL(38,24): Part of the gap, USD: the day is within the provider's lag, or was
--   fetched before it was over
-- column credits_usd DECIMAL(38,24): Part of the gap, USD: negative amounts on the bill
-- column unexplained_usd DECIMAL(38,24): Part of the gap, USD: a bill without line items or without
--   quantities
-- column charged_quantity DECIMAL(38,6): Quantity that we charge; NULL where there is no single
--   meter
-- column billed_quantity DECIMAL(38,6): Quantity on the bill in the meter's unit; NULL where it has
--   none
-- column other_currency VARCHAR: Amounts on the bill in other currencies, which are never summed
--   with USD
-- column run_id VARCHAR: Run that compared
-- column computed_at TIMESTAMP: When it was compared, UTC
SELECT
  r.usage_date, r.provider, r.organization_id, r.project_id, p.project_name, r.line_item, r.model,
  r.meter, r.state, r.cause, r.charges_usd, r.costs_usd, r.gap_usd, r.counted_gap_usd, r.matched_usd,
  r.as_billed_usd, r.joined_by_name_usd, r.price_usd, r.quantity_usd, r.unpriced_usd,
  r.unknown_line_item_usd, r.free_tokens_usd, r.storage_and_tools_usd, r.no_usage_usd,
  r.no_costs_usd, r.lag_usd, r.credits_usd, r.unexplained_usd, r.charged_quantity,
  r.billed_quantity, r.other_currency, r.run_id, r.computed_at
FROM stored.reconciliation AS r
LEFT JOIN stored.projects AS p ON p.project_id = r.project_id
