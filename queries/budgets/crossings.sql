-- row: one threshold of a budget and period of budget_threshold that the spend reached, with the
-- first day on which it was reached.
-- takes: columns, what a budget can be for.
-- engine: duckdb
WITH
-- a pattern is compared with each model once
families AS (
  SELECT p.model_pattern, list(m.model) AS models
  FROM (SELECT DISTINCT model_pattern FROM budget_threshold WHERE model_pattern IS NOT NULL) AS p
  INNER JOIN (SELECT DISTINCT model FROM spend_by_day) AS m
    ON regexp_full_match(m.model, p.model_pattern)
  GROUP BY p.model_pattern
),

plan AS (
  SELECT DISTINCT
    t.budget_id, t.period_start_date, t.period_end_date, t.model_pattern, f.models,
    {{ columns | columns('t') }}
  FROM budget_threshold AS t
  LEFT JOIN families AS f ON f.model_pattern = t.model_pattern
),

spend_by_date AS (
  SELECT
    plan.budget_id,
    plan.period_start_date,
    spend.charge_date,
    sum(sum(spend.cost_usd)) OVER (
      PARTITION BY plan.budget_id, plan.period_start_date ORDER BY spend.charge_date
    ) AS spent_usd
  FROM plan
  INNER JOIN spend_by_day AS spend
    ON spend.charge_date >= plan.period_start_date
    AND spend.charge_date < plan.period_end_date
    {%- for column in columns %}
    AND (plan.{{ column }} IS NULL OR plan.{{ column }} = spend.{{ column }})
    {%- endfor %}
    AND (plan.model_pattern IS NULL OR list_contains(plan.models, spend.model))
  GROUP BY plan.budget_id, plan.period_start_date, spend.charge_date
)

SELECT
  threshold.budget_id,
  threshold.period_start_date,
  threshold.number,
  min(spend.charge_date) AS reached_date
FROM budget_threshold AS threshold
INNER JOIN spend_by_date AS spend
  ON spend.budget_id = threshold.budget_id
  AND spend.period_start_date = threshold.period_start_date
  AND spend.spent_usd >= threshold.reached_at_usd
GROUP BY threshold.budget_id, threshold.period_start_date, threshold.number
ORDER BY threshold.budget_id, threshold.period_start_date, threshold.number
