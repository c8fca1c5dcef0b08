-- row: one UTC day, provider and project whose charges follow the bill and are not its costs.
-- takes: followed_days (usage_date, provider), billed_charges (their charges), provider_costs. Where
-- no cost of a day names a project, all projects are compared together. Credits are no cost; an
-- allowance that is negative on both sides is.
-- engine: duckdb
WITH costs AS (
  SELECT
    usage_date, provider, project_id, sum(amount) FILTER (WHERE amount > 0) AS costs_usd,
    sum(amount) FILTER (WHERE amount < 0 AND item.meter = 'vector_store_gb_days') AS negative_usd,
    bool_or(currency <> 'usd') AS is_foreign
  FROM provider_costs
  SEMI JOIN followed_days USING (usage_date, provider)
  WHERE replaced_at IS NULL
  GROUP BY usage_date, provider, project_id
),

days AS (
  SELECT
    usage_date, provider, bool_or(project_id IS NOT NULL) AS has_projects,
    bool_or(is_foreign) AS is_foreign
  FROM costs
  GROUP BY usage_date, provider
),

both_sides AS (
  SELECT
    usage_date, provider, project_id, cost_usd AS charged_usd, NULL AS costs_usd,
    NULL AS negative_usd
  FROM billed_charges
  UNION ALL
  SELECT
    usage_date, provider, project_id, NULL, costs_usd, negative_usd
  FROM costs
),

compared AS (
  SELECT
    b.usage_date, b.provider, CASE WHEN d.has_projects THEN b.project_id END AS project_id,
    coalesce(sum(b.charged_usd), 0) AS charged_usd, coalesce(sum(b.costs_usd), 0) AS costs_usd,
    coalesce(sum(b.negative_usd), 0) AS negative_usd
  FROM both_sides AS b
  INNER JOIN days AS d ON d.usage_date = b.usage_date AND d.provider = b.provider
  WHERE NOT d.is_foreign
  GROUP BY ALL
)

SELECT
  CAST(usage_date AS VARCHAR) AS place,
  'the charges of ' || coalesce(project_id, 'the organization') || ' at ' || provider || ' are '
  || charged_usd || ' USD, its costs ' || costs_usd || ' USD' AS finding
FROM compared
WHERE charged_usd <> costs_usd AND NOT charged_usd - costs_usd BETWEEN negative_usd AND 0
ORDER BY usage_date, provider, project_id
