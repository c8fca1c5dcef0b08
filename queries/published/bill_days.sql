-- row: one UTC day of an organization at a provider that is charged what the provider bills.
-- engine: duckdb
-- view: One UTC day of an organization at a provider whose charges are made equal to the provider's
--   costs; the charges of all other days are estimates.
-- column usage_date DATE: The UTC day
-- column provider VARCHAR: Who bills, such as openai
-- column organization_id VARCHAR: Id of the organization
-- column is_settled BOOLEAN: Whether the bill is settled; FALSE where its costs moved since, until
--   they are settled again: the day is charged as billed and may still change
SELECT
  b.usage_date,
  split_part(b.account, ' ', 1) AS provider,
  substr(b.account, length(split_part(b.account, ' ', 1)) + 2) AS organization_id,
  b.is_settled
FROM (
  SELECT usage_date, is_settled, unnest(accounts) AS account FROM stored.bill_days
  WHERE content_mark LIKE 'all|%'
) AS b
