-- row: one incident whose last label is that it was expected.
-- engine: duckdb
SELECT incident_id
FROM anomaly_labels
GROUP BY incident_id
HAVING arg_max(label, labelled_at) = 'expected'
