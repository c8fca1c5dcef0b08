-- row: one line of a provider's costs, with its line item taken apart; NULL: not yet.
ALTER TABLE provider_costs ADD COLUMN item STRUCT(
  kind            VARCHAR,  -- usage, training, video, realtime_session, container, unknown
  meter           VARCHAR,
  model           VARCHAR,  -- as written
  surface         VARCHAR,
  modality        VARCHAR,
  scope           VARCHAR,
  unit_multiplier BIGINT,   -- quantity * multiplier / divisor is in the meter's unit; NULL: it is
  unit_divisor    BIGINT    -- the quantity of another thing
)
