-- row: what was done about one alert, and how it stands since.
-- engine: duckdb
SELECT
  alert_id, project_id, notified_at, notified_spent_usd, current_message, current_spent_usd,
  no_data_since_at, acknowledged_at, acknowledged_by, note, escalated_at, team
FROM alert_followups
ORDER BY alert_id
