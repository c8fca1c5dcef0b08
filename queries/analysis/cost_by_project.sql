-- question: What did each project cost, and how does that compare with the same days a month before?
-- row: one project (NULL: no project) with charges in either period, the most expensive first.
-- ties: sum(cost_usd) = that of charges over the same days.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH periods AS (
  SELECT
    CAST($since AS DATE) AS since_date,
    CAST($until AS DATE) AS until_date,
    CAST(CAST($since AS DATE) - INTERVAL 1 MONTH AS DATE) AS since_before_date,
    CASE
      -- A whole month is compared with a whole month, however long each of them is.
      WHEN extract(day FROM CAST($until AS DATE)) = 1
        THEN CAST(CAST($until AS DATE) - INTERVAL 1 MONTH AS DATE)
      ELSE CAST(CAST($until AS DATE) - INTERVAL 1 DAY - INTERVAL 1 MONTH AS DATE) + 1
    END AS until_before_date
),

lines AS (
  SELECT
    charges.project_id,
    charges.project_name,
    charges.cost_usd,
    charges.quantity,
    charges.pricing_status,
    charges.is_provisional,
    charges.charge_date >= periods.since_date AS is_now
  FROM charges
  CROSS JOIN periods
  WHERE
    (
      (charges.charge_date >= periods.since_date AND charges.charge_date < periods.until_date)
      OR (
        charges.charge_date >= periods.since_before_date
        AND charges.charge_date < least(periods.until_before_date, periods.since_date)
      )
    )
    AND (CAST($project AS VARCHAR) IS NULL OR charges.project_id = $project)
),

projects_then_and_now AS (
  SELECT
    project_id,
    max(project_name) AS project_name,
    sum(cost_usd) FILTER (WHERE is_now) AS cost_usd,
    sum(cost_usd) FILTER (WHERE NOT is_now) AS cost_before_usd,
    coalesce(sum(quantity) FILTER (WHERE is_now AND pricing_status = 'unpriced'), 0)
      AS unpriced_quantity,
    coalesce(sum(quantity) FILTER (WHERE NOT is_now AND pricing_status = 'unpriced'), 0)
      AS unpriced_quantity_before,
    coalesce(bool_or(is_provisional) FILTER (WHERE is_now), FALSE) AS is_provisional
  FROM lines
  GROUP BY project_id
),

compared AS (
  SELECT
    project_id,
    project_name,
    cost_usd,
    cost_before_usd,
    CASE
      -- Nothing used is 0; used without a price is not known.
      WHEN cost_usd IS NULL AND unpriced_quantity <> 0 THEN NULL
      WHEN cost_before_usd IS NULL AND unpriced_quantity_before <> 0 THEN NULL
      ELSE coalesce(cost_usd, 0) - coalesce(cost_before_usd, 0)
    END AS change_usd,
    unpriced_quantity,
    unpriced_quantity_before,
    is_provisional
  FROM projects_then_and_now
)

SELECT
  project_id,
  project_name,
  cost_usd,
  cost_before_usd,
  CAST(change_usd AS DECIMAL(38,24)) AS change_usd,
  CAST(
    CAST(CAST(change_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT) * 10000
    // nullif(CAST(CAST(cost_before_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT), 0)
    AS BIGINT
  ) AS change_basis_points,
  unpriced_quantity,
  unpriced_quantity_before,
  is_provisional
FROM compared
ORDER BY cost_usd DESC NULLS LAST, project_id NULLS LAST
