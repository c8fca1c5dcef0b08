-- question: What did each cost centre and team cost, by the mapping that held on each day?
-- row: one cost centre and team with charges, the most expensive first; what no row of the mapping
--      covers is (unmapped).
-- ties: sum(cost_usd) = that of charges over the same days.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH lines AS (
  SELECT
    charges.project_id,
    charges.cost_usd,
    charges.quantity,
    charges.pricing_status,
    charges.is_provisional,
    cost_centers.cost_center,
    cost_centers.team,
    cost_centers.project_id IS NOT NULL AS is_mapped
  FROM charges
  LEFT JOIN cost_centers
    ON
      cost_centers.project_id = charges.project_id
      AND (
        cost_centers.valid_from_date IS NULL
        OR cost_centers.valid_from_date <= charges.charge_date
      )
      AND (
        cost_centers.valid_to_date IS NULL
        OR cost_centers.valid_to_date > charges.charge_date
      )
  WHERE
    charges.charge_date >= $since
    AND charges.charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR charges.project_id = $project)
)

SELECT
  CASE WHEN is_mapped THEN cost_center ELSE '(unmapped)' END AS cost_center,
  team,
  is_mapped,
  count(DISTINCT project_id) AS projects,
  sum(cost_usd) AS cost_usd,  -- NULL, not 0, where nothing is priced
  coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
  bool_or(is_provisional) AS is_provisional
FROM lines
GROUP BY is_mapped, cost_center, team
ORDER BY cost_usd DESC NULLS LAST, is_mapped DESC, cost_center NULLS LAST, team NULLS LAST
