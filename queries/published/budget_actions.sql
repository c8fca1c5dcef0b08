-- row: one action on the limits of a project, for a budget that is over in a period.
-- engine: duckdb
-- view: What was set at the provider for a budget that is over, or would be, and what was before.
-- column action_id VARCHAR: Id of the action
-- column budget_id VARCHAR: Id of the budget
-- column period_start_date DATE: First day of the budget's period
-- column project_id VARCHAR: Project whose limits it sets
-- column kind VARCHAR: spend_limit or rate_limits
-- column state VARCHAR: waiting, approved, dry-run, applying, applied, restoring; or ended: restored, withdrawn, changed by hand
-- column amount_usd DECIMAL(38,24): Amount of the budget when it was found to be over, USD
-- column spent_usd DECIMAL(38,24): What was spent in the period then, USD
-- column limit_usd DECIMAL(38,24): Spend limit that it sets, USD a month; a lower one stays
-- column limits_before VARCHAR: JSON: what was set before, by limit; null: nothing was
-- column limits_set VARCHAR: JSON: what it sets, by limit
-- column requested_at TIMESTAMP: When a run found the budget over, UTC
-- column requested_by_run VARCHAR: Run that found it
-- column approved_by VARCHAR: Who approved it; NULL: nobody yet, or none was needed
-- column approved_at TIMESTAMP: When it was approved, UTC
-- column applied_at TIMESTAMP: When the limits were set, UTC
-- column ended_at TIMESTAMP: When it was restored, withdrawn or left to others, UTC
-- column ended_by VARCHAR: Who took it back by command; NULL: a run
-- column remark VARCHAR: What was left as it is, and why
-- column error VARCHAR: Why the last attempt failed; the next run tries again
SELECT
  action_id, budget_id, period_start_date, project_id, kind, state, amount_usd, spent_usd, limit_usd,
  limits_before, limits_set, requested_at, requested_by_run, approved_by, approved_at, applied_at,
  ended_at, ended_by, remark, error
FROM stored.budget_actions
