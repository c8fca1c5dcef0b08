-- row: one budget of budget_plan, day (the organization's) from $since to before $until, project and
-- model, with what it cost.
-- takes: spend, the spend by day (see spend_by_day); columns, what a budget can be for.
-- engine: duckdb
WITH
-- a pattern is compared with each model once
families AS (
  SELECT p.model_pattern, list(m.model) AS models
  FROM (SELECT DISTINCT model_pattern FROM budget_plan WHERE model_pattern IS NOT NULL) AS p
  INNER JOIN (SELECT DISTINCT model FROM {{ spend }}) AS m
    ON regexp_full_match(m.model, p.model_pattern)
  GROUP BY p.model_pattern
)

SELECT
  plan.budget_id, spend.charge_date, spend.project_id, spend.model,
  CAST(sum(spend.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(0 AS BIGINT) AS requests
FROM budget_plan AS plan
LEFT JOIN families AS f ON f.model_pattern = plan.model_pattern
INNER JOIN {{ spend }} AS spend
  ON spend.charge_date >= $since
  AND spend.charge_date < $until
  {%- for column in columns %}
  AND (plan.{{ column }} IS NULL OR plan.{{ column }} = spend.{{ column }})
  {%- endfor %}
  AND (plan.model_pattern IS NULL OR list_contains(f.models, spend.model))
GROUP BY plan.budget_id, spend.charge_date, spend.project_id, spend.model
HAVING sum(spend.cost_usd) IS NOT NULL
ORDER BY plan.budget_id, spend.charge_date, spend.project_id, spend.model
