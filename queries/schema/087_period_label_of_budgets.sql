-- row: as in 086_plans_of_budgets.
ALTER TABLE budget_status ADD COLUMN period_label VARCHAR
