-- row: one posting of a charge; the charges are the sum of these.
-- engine: duckdb
-- view: One posting, never changed: charges is their sum. Filter posted_at to see what was known
--   then.
-- column usage_date DATE: UTC day of the usage; ties to the provider's bill
-- column charge_date DATE: The organization's day of the usage; ties to budgets and reports
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column api_key_id VARCHAR: Id of the API key (never the key itself); NULL where the source does
--   not say
-- column user_id VARCHAR: Id of the user; NULL for service accounts and where the source does not
--   say
-- column provider VARCHAR: Who provides the model, such as openai
-- column model VARCHAR: Id of the model as recorded; NULL: the provider did not say
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column operation VARCHAR: Name of the endpoint, such as completions or embeddings
-- column variant VARCHAR: What else decides the price, such as image size and quality; NULL where
--   nothing does
-- column service_tier VARCHAR: default, flex, priority, batch or scale; any other as recorded, and
--   unpriced until the price book has it
-- column is_batch BOOLEAN: Whether the Batch API did it
-- column context_class VARCHAR: base, or long where a request had more input tokens than the long
--   price starts at
-- column meter VARCHAR: What is counted: one of the meter columns of usage
-- column quantity DECIMAL(22,6): How much of the meter, in unit; negative where an allowance is
--   taken off
-- column unit VARCHAR: Unit of quantity: tokens, images, characters, seconds, gb_days, sessions or
--   calls
-- column price_id VARCHAR: Price that applied (see prices); NULL where unpriced or billed
-- column list_unit_price_usd DECIMAL(22,18): List price of one unit, USD; NULL where unpriced
-- column contracted_unit_price_usd DECIMAL(22,18): Price of one unit after contract and discounts,
--   USD; NULL where unpriced
-- column list_cost_usd DECIMAL(38,24): quantity x list_unit_price_usd, USD; NULL, not 0, where
--   unpriced
-- column cost_usd DECIMAL(38,24): quantity x contracted_unit_price_usd, USD; the provider's amount
--   where billed; NULL, not 0, where unpriced
-- column pricing_status VARCHAR: priced, unpriced (used, but there is no price), free, or billed
--   (amount from the costs endpoint)
-- column reason VARCHAR: usage, restatement (the source changed its figures), rerate (the price
--   changed) or correction (after month close)
-- column run_id VARCHAR: Run that posted it
-- column posted_at TIMESTAMP: When it was posted, UTC
SELECT
  {{ charge_columns | columns('c') }},
  p.reason, p.run_id, p.posted_at
FROM {{ posting_files }} AS c
INNER JOIN stored.posting_files AS p ON p.path = c.filename
