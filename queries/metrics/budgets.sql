-- row: one budget in the period that a day is in, the one nearest to its end first.
-- parameters: today DATE.
-- engine: duckdb
SELECT budget_id, project_id, amount_usd, spent_usd, spent_ratio, is_lower_bound, state
FROM budget_status
WHERE period_start_date <= $today AND period_end_date > $today
ORDER BY spent_ratio DESC NULLS FIRST, budget_id
