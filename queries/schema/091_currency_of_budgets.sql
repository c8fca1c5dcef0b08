-- row: as in 086_plans_of_budgets.
ALTER TABLE budget_status ADD COLUMN currency VARCHAR DEFAULT 'USD'
