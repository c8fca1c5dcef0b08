-- row: one project, line item and UTC day: our charges against the provider's costs.
CREATE TABLE reconciliation (
  usage_date            DATE NOT NULL,
  organization_id       VARCHAR NOT NULL,
  project_id            VARCHAR,
  line_item             VARCHAR,
  model                 VARCHAR,
  meter                 VARCHAR,
  state                 VARCHAR NOT NULL,  -- compared, in_lag, no_costs_fetched, other_currency
  cause                 VARCHAR,
  charges_usd           DECIMAL(38,24) NOT NULL,
  costs_usd             DECIMAL(38,24),
  gap_usd               DECIMAL(38,24),    -- the sum of the causes' amounts below
  counted_gap_usd       DECIMAL(38,24),
  matched_usd           DECIMAL(38,24) NOT NULL,
  as_billed_usd         DECIMAL(38,24) NOT NULL,
  joined_by_name_usd    DECIMAL(38,24) NOT NULL,
  price_usd             DECIMAL(38,24) NOT NULL,
  quantity_usd          DECIMAL(38,24) NOT NULL,
  unpriced_usd          DECIMAL(38,24) NOT NULL,
  unknown_line_item_usd DECIMAL(38,24) NOT NULL,
  free_tokens_usd       DECIMAL(38,24) NOT NULL,
  storage_and_tools_usd DECIMAL(38,24) NOT NULL,
  no_usage_usd          DECIMAL(38,24) NOT NULL,
  no_costs_usd          DECIMAL(38,24) NOT NULL,
  lag_usd               DECIMAL(38,24) NOT NULL,
  credits_usd           DECIMAL(38,24) NOT NULL,
  unexplained_usd       DECIMAL(38,24) NOT NULL,
  charged_quantity      DECIMAL(38,6),
  billed_quantity       DECIMAL(38,6),
  other_currency        VARCHAR,
  run_id                VARCHAR NOT NULL,
  computed_at           TIMESTAMP NOT NULL
)
