-- question: What did each cost centre and team cost, by the mapping that held on each day?
-- row: one cost centre and team with charges, the most expensive first; what no row of the mapping
--      covers is (unmapped).
--      moved_by_mapping_usd is the part of it that the mapping of a month before had elsewhere.
-- ties: sum(cost_usd) = that of charges over the same days; sum(moved_by_mapping_usd) = 0.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH lines AS (
  SELECT
    charges.charge_date,
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
),

-- what was charged where the mapping has it, less where that of a month before had it
placed AS (
  SELECT
    project_id, cost_usd, quantity, pricing_status, is_provisional, cost_center, team, is_mapped,
    cost_usd AS moved_usd
  FROM lines
  UNION ALL
  SELECT
    NULL AS project_id, NULL AS cost_usd, NULL AS quantity, NULL AS pricing_status,
    NULL AS is_provisional, earlier.cost_center, earlier.team,
    earlier.project_id IS NOT NULL AS is_mapped, -lines.cost_usd AS moved_usd
  FROM lines
  LEFT JOIN cost_centers AS earlier
    ON
      earlier.project_id = lines.project_id
      AND (
        earlier.valid_from_date IS NULL
        OR earlier.valid_from_date <= lines.charge_date - INTERVAL 1 MONTH
      )
      AND (
        earlier.valid_to_date IS NULL
        OR earlier.valid_to_date > lines.charge_date - INTERVAL 1 MONTH
      )
)

SELECT
  CASE WHEN is_mapped THEN cost_center ELSE '(unmapped)' END AS cost_center,
  team,
  is_mapped,
  count(DISTINCT project_id) AS projects,
  sum(cost_usd) AS cost_usd,  -- NULL, not 0, where nothing is priced
  coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
  CAST(coalesce(sum(moved_usd), 0) AS DECIMAL(38, 24)) AS moved_by_mapping_usd,
  coalesce(bool_or(is_provisional), false) AS is_provisional
FROM placed
GROUP BY is_mapped, cost_center, team
HAVING count(quantity) > 0 OR sum(moved_usd) <> 0
ORDER BY cost_usd DESC NULLS LAST, is_mapped DESC, cost_center NULLS LAST, team NULLS LAST
