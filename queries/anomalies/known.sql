-- row: one incident whose last day is not before $since.
-- engine: duckdb
SELECT
  incident_id, kind, project_id, models, first_date, last_date, usual_usd, excess_usd,
  is_by_request, state, level_since_date, since_at, driver_dimension, driver_value,
  driver_excess_usd
FROM anomalies
WHERE last_date >= $since
ORDER BY first_date, incident_id
