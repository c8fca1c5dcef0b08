-- row: one incident: days on which a project cost far more or less than usual.
-- engine: duckdb
-- view: One incident: days on which a project cost far more or less than usual. What was missing or
--   too much is an estimate.
-- column incident_id VARCHAR: Id of the incident; it stays where late data move its days
-- column kind VARCHAR: surge, silence, price_change (each request of a model costs more in most
--   projects) or dip (most projects cost far less: a holiday, or missing data)
-- column project_id VARCHAR: Id of the project; NULL where the source does not say, and for what
--   concerns most projects
-- column project_name VARCHAR: Current name of the project; NULL where it is not known
-- column models VARCHAR: Ids of the models, with commas between them
-- column first_date DATE: First day, the organization's
-- column last_date DATE: Last day so far, inclusive
-- column usual_usd DECIMAL(38,24): What these days were to cost, USD; an estimate
-- column excess_usd DECIMAL(38,24): What they cost more, USD; negative where cost is missing; an
--   estimate
-- column is_by_request BOOLEAN: Whether it shows only in what each request cost
-- column driver VARCHAR: What it comes from: cache, or a service_tier, api_key, user or model with its
--   name; NULL where nothing says
-- column driver_dimension VARCHAR: cache, service_tier, api_key, user or model
-- column driver_value VARCHAR: The tier, key, user or model; empty for the cache
-- column driver_excess_usd DECIMAL(38,24): How much of it, against the week before, USD
-- column state VARCHAR: open, over, new level (it has lasted and is what is usual since), expected
--   (somebody said so) or retracted (late data explain it)
-- column is_change BOOLEAN: Whether it is a lasting change or one of most projects, to be counted
--   apart from incidents
-- column level_since_date DATE: Since when it is what is usual; NULL: it is not
-- column since_at TIMESTAMP: When its first day passed its gate, UTC; NULL where it was found later
-- column found_at TIMESTAMP: When a run first found it, UTC
-- column label VARCHAR: What somebody said of it: expected or unexpected; NULL: nothing
-- column label_reason VARCHAR: Why, as they wrote
-- column labelled_by VARCHAR: Who said it
-- column labelled_at TIMESTAMP: When they said it, UTC
SELECT
  a.incident_id, a.kind, a.project_id, p.project_name, a.models,
  a.first_date, a.last_date, a.usual_usd, a.excess_usd, a.is_by_request,
  nullif(concat_ws(' ', a.driver_dimension, nullif(a.driver_value, '')), '') AS driver,
  a.driver_dimension, a.driver_value, a.driver_excess_usd, a.state,
  a.level_since_date IS NOT NULL OR a.kind IN ('price_change', 'dip') AS is_change,
  a.level_since_date, a.since_at, a.found_at,
  l.label, l.reason AS label_reason, l.labelled_by, l.labelled_at
FROM stored.anomalies AS a
LEFT JOIN stored.projects AS p ON p.project_id = a.project_id
LEFT JOIN stored.anomaly_labels AS l ON l.incident_id = a.incident_id
QUALIFY row_number() OVER (PARTITION BY a.incident_id ORDER BY l.labelled_at DESC) = 1
