-- row: as before; plan is the plan that the period has or ended with, as text (NULL: of an earlier
-- version); amount_usd = base_amount_usd + carried_usd; base_amount is in the currency.
ALTER TABLE budget_status ADD COLUMN plan VARCHAR
