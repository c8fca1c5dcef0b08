-- row: one budget and period whose days are all closed, as it was when they were closed.
-- takes: schema, where the table is; $open_from, the first day that is not closed.
-- engine: duckdb
SELECT
  budget_id, period_start_date, spent_usd, unpriced_quantity,
  -- that it may be more, be it by what has no price or by long requests
  CASE WHEN is_lower_bound THEN 1 ELSE 0 END AS doubt_usd,
  coalesce(carried_usd, 0) AS carried_usd
FROM {{ schema }}.budget_status
WHERE period_end_date <= $open_from
