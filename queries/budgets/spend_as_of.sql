-- row: one day (the organization's) and what a budget can be for, with what was spent as known then.
-- takes: the view charges of an instant.
-- engine: duckdb
SELECT
  c.charge_date, c.project_id, c.model, c.scope, c.provider, c.api_key_id, c.user_id,
  k.service_account_id, c.team, c.cost_center,
  CAST(sum(c.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(coalesce(sum(c.quantity) FILTER (WHERE c.pricing_status = 'unpriced'), 0) AS DECIMAL(38, 6))
    AS unpriced_quantity,
  CAST(0 AS DECIMAL(38, 24)) AS long_context_doubt_usd,  -- not kept by instant
  FALSE AS is_of_anybody
FROM charges AS c
LEFT JOIN (
  SELECT api_key_id, max(service_account_id) AS service_account_id
  FROM tollbook.main.api_keys
  GROUP BY api_key_id
) AS k ON k.api_key_id = c.api_key_id
GROUP BY ALL
