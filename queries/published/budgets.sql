-- row: one budget of the configuration that the newest run used.
-- engine: duckdb
SELECT budget_id, project_id, model, scope, amount_usd, thresholds FROM stored.budgets
