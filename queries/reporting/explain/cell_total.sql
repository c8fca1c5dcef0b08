-- row: the charges of a cell added up, and how many of its lines are not quantity times price.
-- engine: duckdb
SELECT
  count(*) AS lines,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,  -- NULL, not 0, where nothing is priced
  CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
  CAST(coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced' AND quantity > 0), 0)
    AS DECIMAL(38, 6)) AS unpriced_quantity,
  count(*) FILTER (
    WHERE pricing_status IN ('priced', 'free')
    AND cost_usd IS DISTINCT FROM CAST(quantity * contracted_unit_price_usd AS DECIMAL(38, 24))
  ) AS misfits,
  coalesce(bool_or(is_provisional), false) AS is_provisional,
  min(usage_date) AS first_usage_date,
  max(usage_date) AS last_usage_date
FROM charges
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
  AND ($meter IS NULL OR meter = $meter)
