-- row: one figure of one UTC month: both sides, what agrees, and what is not compared.
-- ties: 'gap' = 'costs' - 'charges' = the sum of the month's gaps in groups.sql.
-- engine: duckdb
WITH chosen AS (
  SELECT
    CAST(date_trunc('month', CAST(usage_date AS TIMESTAMP)) AS DATE) AS month_date,
    gap_usd IS NOT NULL AS is_comparable, state, cause, charges_usd, costs_usd, gap_usd, matched_usd,
    as_billed_usd, joined_by_name_usd
  FROM reconciliation
  WHERE
    ($since IS NULL OR usage_date >= CAST($since AS DATE))
    AND ($until IS NULL OR usage_date < CAST($until AS DATE))
    AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
),

figures AS (
  SELECT month_date, 'charges' AS figure, charges_usd AS amount_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'costs', costs_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'gap', gap_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'matched', matched_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'as_billed', as_billed_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'unknown_as_billed', as_billed_usd
  FROM chosen
  WHERE is_comparable AND cause = 'unknown_line_item'
  UNION ALL
  SELECT month_date, 'model_name', joined_by_name_usd FROM chosen WHERE is_comparable
  UNION ALL
  SELECT month_date, 'no_costs_fetched', charges_usd FROM chosen WHERE state = 'no_costs_fetched'
  UNION ALL
  SELECT month_date, 'other_currency', charges_usd FROM chosen WHERE state = 'other_currency'
  UNION ALL
  -- what we have on days that may still change, whether or not there is a gap
  SELECT month_date, 'in_lag', charges_usd FROM chosen WHERE state = 'in_lag'
)

SELECT
  month_date,
  figure,
  CAST(coalesce(sum(amount_usd), 0) AS DECIMAL(38, 24)) AS amount_usd,
  count(*) FILTER (WHERE amount_usd <> 0) AS lines
FROM figures
GROUP BY month_date, figure
ORDER BY month_date, figure
