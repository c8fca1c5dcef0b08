-- row: one UTC day whose provider costs are there: whether its charges were made equal to them.
CREATE TABLE bill_days (
  usage_date    DATE PRIMARY KEY,
  content_mark  VARCHAR NOT NULL,    -- of the rated charges, the costs and the settings compared
  costs_mark    VARCHAR NOT NULL,    -- of the costs alone
  changed_at    TIMESTAMP,           -- when costs that replaced others were fetched; NULL: never
  accounts      VARCHAR[] NOT NULL,  -- provider and organization, where charges follow the bill
  is_settled    BOOLEAN NOT NULL,    -- whether the costs of all accounts are settled
  charge_path   VARCHAR,             -- relative to the storage root; NULL: as rated
  daily_path    VARCHAR,
  run_id        VARCHAR NOT NULL
)
