-- row: one meter of one model for one day, project, key, user and tier, at one price.
-- engine: duckdb
-- view: One meter of one model for one UTC day, project, key, user, tier and price: the sum of its
--   postings. Never join it to usage row by row: a record has several lines, a line several
--   records, and money would be counted many times; usage has cost_usd of its own.
-- column usage_date DATE: UTC day of the usage; ties to the provider's bill
-- column charge_date DATE: The organization's day of the usage; ties to budgets and reports
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column project_name VARCHAR: Current name of the project; NULL where it is not known
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
-- column requests BIGINT: Requests of charge sources, as a count, on the first line of each group of
--   dimensions and 0 on its other lines: sums are the requests of daily_costs; NULL on days that an
--   earlier version rated, until they are rated again, and with --as-of
-- column cost_center VARCHAR: Who pays for the project on charge_date by the mapping (see
--   cost_centers); NULL where it is not mapped
-- column team VARCHAR: Team of the project on charge_date by the mapping; NULL where not known
-- column is_provisional BOOLEAN: Whether the day may still change by itself: where the provider's
--   costs are followed, until its bill is settled; elsewhere until three days after its end
-- column is_corrected BOOLEAN: Whether costs or usage of its day, project, model and scope were
--   posted after the month of charge_date was closed: that part is booked in a later month, see
--   daily_costs and charge_postings
SELECT
{%- for column in charge_columns %}
  c.{{ column }},{{ " p.project_name," if column == "project_id" }}
{%- endfor %}
  m.cost_center, m.team,
  coalesce(NOT b.is_settled, c.usage_date >= f.provisional_from_date) AS is_provisional,
  coalesce(list_contains(k.cells, hash(c.project_id, c.model, c.scope)), FALSE) AS is_corrected
FROM {{ charge_files }} AS c
CROSS JOIN stored.snapshot AS f
LEFT JOIN stored.followed_days AS b ON b.provider = c.provider AND b.usage_date = c.usage_date
LEFT JOIN stored.projects AS p ON p.project_id = c.project_id
-- dates of one project do not overlap, so that no line is counted twice
LEFT JOIN stored.cost_centers AS m
  ON m.project_id = c.project_id
  AND coalesce(m.valid_from_date, DATE '-infinity') <= c.charge_date
  AND coalesce(m.valid_to_date, DATE 'infinity') > c.charge_date
-- joined by day alone: who does not ask for is_corrected pays next to nothing
LEFT JOIN (
  SELECT charge_date, list(DISTINCT hash(project_id, model, scope)) AS cells
  FROM stored.corrections
  WHERE moved_back_at IS NULL
  GROUP BY charge_date
) AS k ON k.charge_date = c.charge_date
