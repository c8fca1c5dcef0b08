-- row: one change of a budget, made or refused.
-- engine: duckdb
-- view: Who changed what of a budget and when; what was refused is here as well.
-- column budget_id VARCHAR: Id of the budget
-- column changed_at TIMESTAMP: When it was changed, or a run found it changed in a file, UTC
-- column changed_by VARCHAR: Who changed it; NULL: nobody is named
-- column outcome VARCHAR: made or refused
-- column what VARCHAR: added, removed, amount, or the key that changed
-- column effective_date DATE: First day for which it holds; NULL: from the beginning
-- column before VARCHAR: What it was
-- column after VARCHAR: What it is now, or was to be
-- column reason VARCHAR: Why; where it was refused, why that
-- column found_in VARCHAR: command (`tollbook budgets set`) or file
-- column run_id VARCHAR: Run that found it in a file
SELECT
  budget_id, changed_at, changed_by, outcome, what, effective_date, before, after, reason, found_in,
  run_id
FROM stored.budget_changes
