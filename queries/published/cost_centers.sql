-- row: the cost centre and team of one project on some days.
-- engine: duckdb
-- view: Cost centre and team of one project on some days; days that no row covers are unmapped.
-- column project_id VARCHAR: Id of the project
-- column cost_center VARCHAR: Who pays for it
-- column team VARCHAR: Which team it belongs to; NULL where not known
-- column valid_from_date DATE: First day (the organization's); NULL: from the beginning
-- column valid_to_date DATE: First day on which it no longer holds; NULL: without end
SELECT project_id, cost_center, team, valid_from_date, valid_to_date
FROM stored.cost_centers
