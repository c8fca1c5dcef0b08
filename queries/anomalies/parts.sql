-- row: what one key, user, model and tier cost on a day of an incident, or on one before it.
-- takes: lines, charges or postings; compared_days, a table of incident_id, project_id, model,
-- since_date and until_date (exclusive); input_meters and cached_meters.
-- engine: duckdb
SELECT
  d.incident_id, c.charge_date, c.model, c.api_key_id, c.user_id, c.service_tier,
  CAST(coalesce(sum(c.cost_usd), 0) AS DOUBLE) AS cost_usd,
  CAST(coalesce(sum(c.quantity) FILTER (WHERE list_contains($input_meters, c.meter)), 0) AS DOUBLE)
    AS input_tokens,
  CAST(coalesce(sum(c.quantity) FILTER (WHERE list_contains($cached_meters, c.meter)), 0) AS DOUBLE)
    AS cached_tokens
FROM {{ lines }} AS c
INNER JOIN compared_days AS d
  ON d.project_id IS NOT DISTINCT FROM c.project_id AND d.model IS NOT DISTINCT FROM c.model
  AND c.charge_date >= d.since_date AND c.charge_date < d.until_date
GROUP BY
  d.incident_id, c.charge_date, c.model, c.api_key_id, c.user_id, c.service_tier
ORDER BY
  d.incident_id, c.charge_date, c.model, c.api_key_id, c.user_id, c.service_tier
