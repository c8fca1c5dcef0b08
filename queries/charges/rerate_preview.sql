-- row: what a re-rating would move from one price to another, of a month, project, model and meter.
-- engine: duckdb
WITH moved AS (
  SELECT
    CAST(date_trunc('month', usage_date) AS DATE) AS usage_month_date, project_id, model, meter,
    unit, price_id, quantity, cost_usd
  FROM {{ posting_files }}
),

sides AS (
  SELECT
    usage_month_date, project_id, model, meter, unit,
    string_agg(DISTINCT price_id, ' ') FILTER (WHERE quantity < 0) AS old_price_id,
    string_agg(DISTINCT price_id, ' ') FILTER (WHERE quantity > 0) AS new_price_id,
    CAST(sum(quantity) FILTER (WHERE quantity > 0) AS DECIMAL(38, 6)) AS quantity,
    CAST(-sum(cost_usd) FILTER (WHERE quantity < 0) AS DECIMAL(38, 24)) AS old_cost_usd,
    CAST(sum(cost_usd) FILTER (WHERE quantity > 0) AS DECIMAL(38, 24)) AS new_cost_usd
  FROM moved
  GROUP BY usage_month_date, project_id, model, meter, unit
)

SELECT
  usage_month_date, project_id, model, meter, quantity, unit, old_price_id, new_price_id,
  old_cost_usd,  -- NULL, not 0, where it had no price
  new_cost_usd,
  CAST(coalesce(new_cost_usd, 0) - coalesce(old_cost_usd, 0) AS DECIMAL(38, 24))
    AS difference_usd
FROM sides
ORDER BY usage_month_date, project_id, model, meter
