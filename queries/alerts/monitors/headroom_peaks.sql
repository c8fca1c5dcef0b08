-- row: one hour in which a project used one model with a known limit, with its fullest minutes.
-- takes: rate_limit_minutes.
-- engine: duckdb
SELECT
  provider,
  usage_date,
  date_trunc('hour', started_at) AS started_at,
  project_id,
  model,
  max(requests) AS requests,
  max(tokens) AS tokens,
  max(requests_basis_points) AS requests_basis_points,
  max(tokens_basis_points) AS tokens_basis_points
FROM rate_limit_minutes
WHERE requests_basis_points IS NOT NULL OR tokens_basis_points IS NOT NULL
GROUP BY provider, usage_date, date_trunc('hour', started_at), project_id, model
