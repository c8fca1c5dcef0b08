-- row: one cost centre and team with charges in the month or in the days it is compared with, as
--      the mapping of each day has it, the dearest first; what it does not cover is one row.
--      Nothing where there is no mapping at all.
-- ties: sum(cost_usd) = that of charges over the month; an unpriced line adds to no cost.
--      sum(moved_usd) = 0: what the mapping moved between cost centres since the month before.
-- engine: duckdb
WITH windowed AS (
  SELECT
    p.charge_date, p.project_id, p.cost_usd, p.lines, p.unpriced_lines,
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
),

-- the month's costs where the mapping has them now, less where that of a month before had them
placed AS (
  SELECT
    project_id, cost_usd, lines, unpriced_lines, cost_center, team, is_mapped, is_current,
    is_comparable, is_compared, CASE WHEN is_current THEN cost_usd END AS moved_usd
  FROM windowed
  UNION ALL
  SELECT
    CAST(NULL AS VARCHAR) AS project_id, CAST(NULL AS DECIMAL(38, 24)) AS cost_usd,
    CAST(NULL AS BIGINT) AS lines, CAST(NULL AS BIGINT) AS unpriced_lines,
    b.cost_center, b.team, b.project_id IS NOT NULL AS is_mapped,
    false AS is_current, false AS is_comparable, false AS is_compared,
    -w.cost_usd AS moved_usd
  FROM windowed AS w
  LEFT JOIN cost_centers AS b
    ON b.project_id = w.project_id
    AND (b.valid_from_date IS NULL OR b.valid_from_date <= w.charge_date - INTERVAL 1 MONTH)
    AND (b.valid_to_date IS NULL OR b.valid_to_date > w.charge_date - INTERVAL 1 MONTH)
  WHERE w.is_current
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
    AS compared_unpriced_lines,
  CAST(coalesce(sum(moved_usd), 0) AS DECIMAL(38, 24)) AS moved_usd
FROM placed
GROUP BY cost_center, team, is_mapped
HAVING bool_or(is_current OR is_compared) OR sum(moved_usd) <> 0
ORDER BY cost_usd DESC, compared_cost_usd DESC, is_mapped DESC, cost_center, team NULLS LAST
