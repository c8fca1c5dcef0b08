-- row: one a project, model and scope with charges in the month or in the days it is compared with.
-- ties: sum(cost_usd) = that of charges over the month; an unpriced line adds to no cost.
-- engine: duckdb
WITH windowed AS (
  SELECT
    project_id, project_name, model, scope, cost_usd,
    lines, unpriced_lines,
    is_current, is_comparable, is_compared
  FROM period_charges
  WHERE (is_current OR is_compared)
)
SELECT
  project_id,
  max(project_name) AS project_name,
  model,
  scope,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_current), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(coalesce(sum(lines) FILTER (WHERE is_current), 0) AS BIGINT) AS lines,
  CAST(coalesce(sum(unpriced_lines) FILTER (WHERE is_current), 0) AS BIGINT) AS unpriced_lines,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_comparable), 0) AS DECIMAL(38,24))
    AS comparable_cost_usd,
  CAST(coalesce(sum(lines) FILTER (WHERE is_comparable), 0) AS BIGINT) AS comparable_lines,
  CAST(coalesce(sum(unpriced_lines) FILTER (WHERE is_comparable), 0) AS BIGINT)
    AS comparable_unpriced_lines,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_compared), 0) AS DECIMAL(38,24))
    AS compared_cost_usd,
  CAST(coalesce(sum(lines) FILTER (WHERE is_compared), 0) AS BIGINT) AS compared_lines,
  CAST(coalesce(sum(unpriced_lines) FILTER (WHERE is_compared), 0) AS BIGINT)
    AS compared_unpriced_lines
FROM windowed
GROUP BY project_id, model, scope
ORDER BY project_id NULLS LAST, model NULLS LAST, scope NULLS LAST
