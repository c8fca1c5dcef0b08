-- row: what is unusual about a project and model on a day, from $since to before $until.
-- engine: duckdb
SELECT
  charge_date, project_id, model, signal, direction, CAST(usual_usd AS DOUBLE) AS usual_usd,
  CAST(excess_usd AS DOUBLE) AS excess_usd, since_date, is_level
FROM anomaly_findings
WHERE charge_date >= $since AND charge_date < $until
ORDER BY charge_date, project_id, model, signal
