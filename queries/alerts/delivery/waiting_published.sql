-- row: likewise, by the published tries: what was not tried yet is not among it.
-- engine: duckdb
SELECT unnest(string_split(alert_ids, ',')) AS alert_id
FROM alert_deliveries
WHERE
  is_last
  AND outcome = 'failed'
  AND (next_attempt_at IS NOT NULL OR given_up_at IS NOT NULL)
