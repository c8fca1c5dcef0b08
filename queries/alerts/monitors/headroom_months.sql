-- row: one UTC month, project and model of a provider that came to $near_percent of a rate limit or above it.
-- engine: duckdb
WITH hours AS (
  SELECT
    CAST(date_trunc('month', usage_date) AS DATE) AS period_start_date,
    provider, usage_date, started_at, project_id, model, requests, tokens, requests_basis_points,
    tokens_basis_points,
    greatest(requests_basis_points, tokens_basis_points) AS basis_points
  FROM minute_peaks
)

SELECT
  h.period_start_date,
  h.project_id,
  p.project_name,
  h.model,
  max(h.requests_basis_points) AS requests_basis_points,
  max(h.tokens_basis_points) AS tokens_basis_points,
  count(*) AS hours_near,
  count(DISTINCT h.usage_date) AS days_near,
  min(h.started_at) AS first_hour_at,
  max(h.started_at) AS last_hour_at,
  h.provider
FROM hours AS h
LEFT JOIN projects AS p ON p.project_id = h.project_id
WHERE h.basis_points >= CAST($near_percent AS BIGINT) * 100
GROUP BY h.period_start_date, h.project_id, p.project_name, h.model, h.provider
ORDER BY h.period_start_date, h.project_id, h.model, h.provider
