-- row: one day (the organization's) and what some budgets tell apart, with what was spent.
-- takes: spend, a FROM item of the statement spend_by_day; columns, what these budgets name of what
-- a budget can be for.
-- engine: duckdb
SELECT
  charge_date,
  {%- for column in columns %}
  {{ column }},
  {%- endfor %}
  is_of_anybody,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  -- what has no price must not be hidden by an allowance without a price
  CAST(
    coalesce(sum(CASE WHEN unpriced_quantity > 0 THEN unpriced_quantity END), 0) AS DECIMAL(38, 6)
  ) AS unpriced_quantity,
  CAST(sum(long_context_doubt_usd) AS DECIMAL(38, 24)) AS long_context_doubt_usd
FROM {{ spend }}
GROUP BY
  charge_date,
  {%- for column in columns %}
  {{ column }},
  {%- endfor %}
  is_of_anybody
