-- row: one budget and period of budget_plan, with what was spent in it.
-- takes: columns, what a budget can be for; fine, those of them that some spend does not say.
-- ties: for a budget of the whole organization spent_usd = sum(cost_usd) of charges in the period.
-- engine: any
WITH periods AS (
  SELECT DISTINCT period_start_date, period_end_date
  FROM budget_plan
),

spend_by_period AS (
  SELECT
    periods.period_start_date, periods.period_end_date, {{ columns | columns('spend') }},
    spend.is_of_anybody,
    sum(spend.cost_usd) AS cost_usd,
    -- what has no price must not be hidden by an allowance without a price
    sum(CASE WHEN spend.unpriced_quantity > 0 THEN spend.unpriced_quantity END)
      AS unpriced_quantity,
    sum(spend.long_context_doubt_usd) AS long_context_doubt_usd
  FROM spend_by_day AS spend
  INNER JOIN periods
    ON spend.charge_date >= periods.period_start_date
    AND spend.charge_date < periods.period_end_date
  GROUP BY
    periods.period_start_date, periods.period_end_date, {{ columns | columns('spend') }},
    spend.is_of_anybody
)

SELECT
  plan.budget_id,
  plan.period_start_date,
  CAST(coalesce(sum(spend.cost_usd), 0) AS DECIMAL(38, 24)) AS spent_usd,
  CAST(coalesce(sum(spend.unpriced_quantity), 0) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(coalesce(sum(spend.long_context_doubt_usd), 0) AS DECIMAL(38, 24))
    AS long_context_doubt_usd
FROM budget_plan AS plan
LEFT JOIN spend_by_period AS spend
  ON plan.period_start_date = spend.period_start_date
  AND plan.period_end_date = spend.period_end_date
  {%- for column in columns %}
  AND (
    plan.{{ column }} IS NULL OR plan.{{ column }} = spend.{{ column }}
    {{- " OR spend.is_of_anybody" if column in fine }}
  )
  {%- endfor %}
  AND (plan.model_pattern IS NULL OR regexp_matches(spend.model, concat('^(', plan.model_pattern, ')$')))
GROUP BY plan.budget_id, plan.period_start_date
ORDER BY plan.budget_id, plan.period_start_date
