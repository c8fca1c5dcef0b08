-- row: one incident with a day from $since to before $until, and of $project where it is not NULL;
-- the newest first. What late data took back is left out, and dips of all projects but $with_dips.
-- engine: duckdb
SELECT
  incident_id, project_id, models, first_date, last_date, kind, excess_usd,
  nullif(concat_ws(' ', driver_dimension, nullif(driver_value, '')), '') AS driver,
  state,
  level_since_date IS NOT NULL OR kind IN ('price_change', 'dip') AS is_change
FROM anomalies
WHERE
  state <> 'retracted'
  AND (kind <> 'dip' OR $with_dips)
  AND last_date >= $since AND first_date < $until
  AND ($project IS NULL OR project_id = $project)
ORDER BY first_date DESC, incident_id
