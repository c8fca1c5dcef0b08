-- row: the cost centre and team of one project on some days.
-- engine: duckdb
SELECT project_id, cost_center, team, valid_from_date, valid_to_date
FROM stored.cost_centers
