-- row: as in 086_plans_of_budgets.
ALTER TABLE budget_status ADD COLUMN carried_usd DECIMAL(38,24) DEFAULT 0
