-- row: one incident with a day of the month, or one that was the level of it at its end; lasting
--      changes and what concerns most projects last, else the largest first.
-- engine: duckdb
SELECT
  a.kind, a.project_id, a.models, a.first_date, a.last_date, a.excess_usd, a.is_by_request,
  a.driver_dimension, a.driver_value, k.name AS key_name, a.state, a.is_change, a.level_since_date,
  a.label_reason
FROM anomalies AS a
LEFT JOIN api_keys AS k ON a.driver_dimension = 'api_key' AND k.api_key_id = a.driver_value
WHERE a.state <> 'retracted' AND a.first_date < $until AND a.last_date >= $since
QUALIFY row_number() OVER (PARTITION BY a.incident_id ORDER BY k.name NULLS LAST) = 1
ORDER BY a.is_change, abs(a.excess_usd) DESC, a.first_date, a.incident_id
