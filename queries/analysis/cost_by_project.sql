-- question: What did each project cost, and how does that compare with the same days a month before?
-- row: one project (NULL: no project) with charges in either period, the most expensive first.
-- ties: sum(cost_usd) = that of charges over the same days; change_usd is over the days that are
--       complete in every source that decides, in both months (see compared_days), as in the report.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH days AS (
  SELECT charge_date, compared_date
  FROM compared_days
  WHERE
    -- the days of whole months that only one of them has compare where all of the month is asked for
    CASE
      WHEN charge_date IS NOT NULL AND compared_date IS NOT NULL
        THEN charge_date >= $since AND charge_date < $until AND compared_date < $since
      ELSE month_start_date = $since AND month_start_date + INTERVAL 1 MONTH = $until
    END
),

sides AS (
  SELECT
    list(charge_date) FILTER (WHERE charge_date IS NOT NULL) AS days_now,
    list(compared_date) FILTER (WHERE compared_date IS NOT NULL) AS days_before
  FROM days
),

lines AS (
  SELECT
    charges.project_id,
    charges.project_name,
    charges.cost_usd,
    charges.quantity,
    charges.pricing_status = 'unpriced' AS is_unpriced,
    charges.is_provisional,
    charges.charge_date >= $since AND charges.charge_date < $until AS is_now,
    coalesce(list_contains(sides.days_now, charges.charge_date), FALSE) AS is_compared,
    coalesce(list_contains(sides.days_before, charges.charge_date), FALSE) AS is_before
  FROM charges
  CROSS JOIN sides
  WHERE
    charges.charge_date >= CAST($since AS DATE) - INTERVAL 1 MONTH
    AND charges.charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR charges.project_id = $project)
),

projects_then_and_now AS (
  SELECT
    project_id,
    max(project_name) AS project_name,
    sum(cost_usd) FILTER (WHERE is_now) AS cost_usd,
    sum(cost_usd) FILTER (WHERE is_compared) AS compared_cost_usd,
    sum(cost_usd) FILTER (WHERE is_before) AS cost_before_usd,
    coalesce(sum(quantity) FILTER (WHERE is_now AND is_unpriced), 0) AS unpriced_quantity,
    coalesce(sum(quantity) FILTER (WHERE is_compared AND is_unpriced), 0)
      AS unpriced_quantity_compared,
    coalesce(sum(quantity) FILTER (WHERE is_before AND is_unpriced), 0)
      AS unpriced_quantity_before,
    coalesce(bool_or(is_provisional) FILTER (WHERE is_now), FALSE) AS is_provisional
  FROM lines
  WHERE is_now OR is_before
  GROUP BY project_id
),

compared AS (
  SELECT
    projects_then_and_now.*,
    CASE
      -- Without a day that compares there is no change; nothing used is 0; used without a price is
      -- not known.
      WHEN sides.days_before IS NULL THEN NULL
      WHEN compared_cost_usd IS NULL AND unpriced_quantity_compared <> 0 THEN NULL
      WHEN cost_before_usd IS NULL AND unpriced_quantity_before <> 0 THEN NULL
      ELSE coalesce(compared_cost_usd, 0) - coalesce(cost_before_usd, 0)
    END AS change_usd,
    coalesce(len(sides.days_now), 0) AS compared_days,
    list_min(sides.days_now) AS compared_since_date,
    list_max(sides.days_now) AS compared_last_date
  FROM projects_then_and_now
  CROSS JOIN sides
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
  is_provisional,
  compared_cost_usd,
  compared_days,
  compared_since_date,
  compared_last_date
FROM compared
ORDER BY cost_usd DESC NULLS LAST, project_id NULLS LAST
