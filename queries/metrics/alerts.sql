-- row: one kind and severity of alerts that hold now, and how many there are.
-- engine: duckdb
SELECT kind, severity, count(*) AS alerts
FROM alerts
WHERE state IN ('open', 'acknowledged', 'escalated')
GROUP BY kind, severity
ORDER BY kind, severity
