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
-- column price_id VARCHAR: Price that applied, NULL where unpriced or billed. Its first word is the
--   price_id of prices; after a space, the list price beside a contracted one, or the discount
-- column list_unit_price_usd DECIMAL(22,18): List price of one unit, USD; NULL where unpriced
-- column contracted_unit_price_usd DECIMAL(22,18): Price of one unit after contract and discounts,
--   USD; NULL where unpriced
-- column list_cost_usd DECIMAL(38,24): quantity x list_unit_price_usd, USD; NULL, not 0, where
--   unpriced
-- column cost_usd DECIMAL(38,24): quantity x contracted_unit_price_usd, USD; the provider's amount
--   where billed; NULL, not 0, where unpriced
-- column pricing_status VARCHAR: priced, unpriced (used, but there is no price), free, or billed
--   (amount from the costs endpoint)
-- column bill_cause VARCHAR: Why the line is there where it makes a settled day equal to the
--   provider's bill: price, quantity, unpriced, allowance, or another cause of reconciliation; NULL
--   on all other lines
-- column reason VARCHAR: usage, restatement (the source changed its figures, or usage of a day that
--   was final came late), rerate (the price changed), correction (a file was forgotten, or the month
--   of charge_date was closed) or bill (makes a settled day equal to the provider's bill)
-- column run_id VARCHAR: Run that posted it
-- column posted_at TIMESTAMP: When it was posted, UTC
-- column period_date DATE: First day of the month in which it is booked: that of charge_date, or,
--   where that was closed, the first month that was open
-- column correction_reason VARCHAR: Why it was posted, where it is booked in a later month than that
--   of charge_date: usage, restatement, rerate, correction or bill; NULL on all other postings
SELECT
  {{ charge_columns | without('requests') | columns('c') }},
  CASE WHEN c.charge_date < p.open_from_date THEN 'correction' ELSE p.reason END AS reason,
  p.run_id, p.posted_at,
  CAST(
    date_trunc('month', greatest(c.charge_date, coalesce(p.open_from_date, c.charge_date))) AS DATE
  ) AS period_date,
  CASE WHEN c.charge_date < p.open_from_date THEN p.reason END AS correction_reason
FROM {{ posting_files }} AS c
INNER JOIN stored.posting_files AS p ON p.name = coalesce(c.posted_as, parse_filename(c.filename))
