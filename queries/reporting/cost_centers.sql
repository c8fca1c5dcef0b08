-- row: one cost centre and team with charges in the month or in the days it is compared with, as
--      the mapping of each day has it, the dearest first; what it does not cover is one row.
--      Nothing where there is no mapping at all.
-- ties: sum(cost_usd) = that of charges over the month; an unpriced line adds to no cost.
-- engine: duckdb
WITH windowed AS (
  SELECT
    p.project_id, p.cost_usd, p.lines, p.unpriced_lines,
    c.cost_center, c.team, c.project_id IS NOT NULL AS is_mapped,
    p.is_current, p.is_comparable, p.is_compared
  FROM period_charges AS p
  LEFT JOIN cost_centers AS c
    ON c.project_id = p.project_id
    AND (c.valid_from_date IS NULL OR c.valid_from_date <= p.charge_date)
    AND (c.valid_to_date IS NULL OR c.valid_to_date > p.charge_date)
  WHERE
    (p.is_current OR p.is_compared)
    AND EXISTS (SELECT 1 FROM cost_centers)
)
SELECT
  cost_center,
  team,
  is_mapped,
  count(DISTINCT project_id) FILTER (WHERE is_current) AS projects,
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
GROUP BY cost_center, team, is_mapped
ORDER BY cost_usd DESC, compared_cost_usd DESC, is_mapped DESC, cost_center, team NULLS LAST
