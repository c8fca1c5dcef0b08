-- row: one budget and month of budget_plan, with what was spent in it.
-- ties: for a budget of the whole organization spent_usd = sum(cost_usd) of charges in the month.
-- engine: any
WITH spend_by_month AS (
  SELECT
    CAST(date_trunc('month', CAST(charge_date AS TIMESTAMP)) AS DATE) AS period_start_date,
    project_id,
    model,
    scope,
    sum(cost_usd) AS cost_usd,
    -- what has no price must not be hidden by an allowance without a price
    sum(CASE WHEN unpriced_quantity > 0 THEN unpriced_quantity END) AS unpriced_quantity
  FROM spend_by_day
  GROUP BY
    CAST(date_trunc('month', CAST(charge_date AS TIMESTAMP)) AS DATE), project_id, model, scope
)

SELECT
  plan.budget_id,
  plan.period_start_date,
  CAST(coalesce(sum(spend.cost_usd), 0) AS DECIMAL(38, 24)) AS spent_usd,
  CAST(coalesce(sum(spend.unpriced_quantity), 0) AS DECIMAL(38, 6)) AS unpriced_quantity
FROM budget_plan AS plan
LEFT JOIN spend_by_month AS spend
  ON plan.period_start_date = spend.period_start_date
  AND (plan.project_id IS NULL OR plan.project_id = spend.project_id)
  AND (plan.model IS NULL OR plan.model = spend.model)
  AND (plan.scope IS NULL OR plan.scope = spend.scope)
GROUP BY plan.budget_id, plan.period_start_date
ORDER BY plan.budget_id, plan.period_start_date
