-- row: one hour of $day with usage of an incident's project and models, and how much of the day's.
-- takes: lines, ledger rows that count; todays_incidents, a table of incident_id, project_id and
-- model; input_meters and output_meters. What is only known by the day has no hour.
-- engine: duckdb
WITH used AS (
  SELECT
    i.incident_id,
    date_trunc('hour', u.started_at) AS hour_at,
    sum(
      {%- for meter in input_meters + output_meters %}
      coalesce(u.{{ meter }}, 0){{ " +" if not loop.last }}
      {%- endfor %}
    ) AS tokens,
    sum(u.requests) AS requests
  FROM {{ lines }} AS u
  INNER JOIN todays_incidents AS i
    ON i.project_id IS NOT DISTINCT FROM u.project_id AND i.model IS NOT DISTINCT FROM u.model
  WHERE
    u.charge_date = $day AND u.basis = 'charge'
    AND coalesce(u.ended_at - u.started_at, INTERVAL 0 HOUR) <= INTERVAL 1 HOUR
  GROUP BY i.incident_id, hour_at
)

SELECT
  incident_id, hour_at,
  CAST(
    CASE WHEN sum(tokens) OVER whole > 0
      THEN tokens / sum(tokens) OVER whole
      ELSE coalesce(requests / nullif(sum(requests) OVER whole, 0), 0)
    END AS DOUBLE
  ) AS share
FROM used
WINDOW whole AS (PARTITION BY incident_id)
ORDER BY incident_id, hour_at
