-- row: one budget of the configuration that the newest run used.
SELECT budget_id, project_id, model, scope, amount_usd, thresholds FROM stored.budgets
