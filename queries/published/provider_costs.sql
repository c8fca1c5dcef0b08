-- row: one line of the provider's costs endpoint, current version.
-- engine: duckdb
-- view: One line of the provider's costs endpoint, current version.
-- column usage_date DATE: UTC day of the bucket
-- column provider VARCHAR: Whose costs these are, such as openai
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column api_key_id VARCHAR: Id of the API key (never the key itself); NULL where the source does
--   not say
-- column user_id VARCHAR: Id of the user; NULL for service accounts and where the source does not
--   say
-- column line_item VARCHAR: Line item as the provider names it; NULL where it was not grouped by
-- column item_kind VARCHAR: What the line item is about: usage (usage records show the same),
--   training, video, realtime_session, container or unknown
-- column item_model VARCHAR: Model in the line item, as the provider writes it; NULL where it names
--   none
-- column item_meter VARCHAR: Meter that the line item bills; NULL where it is none of ours
-- column amount DECIMAL(38,24): Amount in currency, as sent
-- column currency VARCHAR: ISO 4217 code in lower case, as sent
-- column quantity DECIMAL(38,6): Quantity as sent, in quantity_unit; NULL where not sent
-- column quantity_unit VARCHAR: Unit of quantity as sent; NULL where not sent
-- column fetched_at TIMESTAMP: When it was fetched, UTC; NULL where the file does not say
-- column input_file VARCHAR: Raw file that the line was read from
-- column input_line BIGINT: Line (from 1) in input_file
SELECT
  usage_date, provider, organization_id, project_id, api_key_id, user_id, line_item,
  item.kind AS item_kind, item.model AS item_model, item.meter AS item_meter, amount, currency,
  quantity, quantity_unit, fetched_at, input_file, input_line
FROM stored.provider_costs
