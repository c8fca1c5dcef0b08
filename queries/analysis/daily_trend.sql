-- question: What did each day cost, and where is the week as a whole going?
-- row: one day of the period, also one without charges (NULL, line_count 0), so that gaps show.
-- ties: sum(cost_usd) = that of charges over the same days.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH period_days AS (
  SELECT CAST(day_at AS DATE) AS charge_date
  FROM generate_series(
    CAST($since AS TIMESTAMP) - INTERVAL 13 DAY,
    CAST($until AS TIMESTAMP) - INTERVAL 1 DAY,
    INTERVAL 1 DAY
  ) AS days (day_at)
),

complete_days AS (
  SELECT DISTINCT calendar_date
  FROM calendar
  WHERE is_day_complete
),

charged AS (
  SELECT
    charge_date,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
    count(*) AS line_count,
    bool_or(is_provisional) AS is_provisional
  FROM charges
  WHERE
    charge_date >= CAST($since AS DATE) - 13
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY charge_date
),

weeks AS (
  SELECT
    period_days.charge_date,
    charged.cost_usd,
    sum(charged.cost_usd) OVER last_7_days AS cost_7_days_usd,
    sum(charged.cost_usd) OVER the_7_days_before AS cost_7_days_before_usd,
    coalesce(charged.unpriced_quantity, 0) AS unpriced_quantity,
    coalesce(charged.line_count, 0) AS line_count,
    coalesce(charged.is_provisional, FALSE) AS is_provisional,
    complete_days.calendar_date IS NOT NULL AS is_complete,
    count(complete_days.calendar_date) OVER both_weeks = 14 AS are_weeks_complete
  FROM period_days
  LEFT JOIN charged ON period_days.charge_date = charged.charge_date
  LEFT JOIN complete_days ON period_days.charge_date = complete_days.calendar_date
  WINDOW
    last_7_days AS (
      ORDER BY period_days.charge_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW
    ),
    the_7_days_before AS (
      ORDER BY period_days.charge_date ROWS BETWEEN 13 PRECEDING AND 7 PRECEDING
    ),
    both_weeks AS (
      ORDER BY period_days.charge_date ROWS BETWEEN 13 PRECEDING AND CURRENT ROW
    )
)

SELECT
  charge_date,
  cost_usd,
  cost_7_days_usd,
  cost_7_days_before_usd,
  -- Two weeks compare where all of their days are complete.
  CASE WHEN are_weeks_complete THEN CAST(
    CAST(CAST(cost_7_days_usd - cost_7_days_before_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT)
    * 10000
    // nullif(CAST(CAST(cost_7_days_before_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT), 0)
    AS BIGINT
  ) END AS week_change_basis_points,
  unpriced_quantity,
  line_count,
  is_provisional,
  is_complete
FROM weeks
WHERE charge_date >= $since
ORDER BY charge_date
