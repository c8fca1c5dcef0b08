-- row: one budget of the configuration that the newest run used.
-- engine: duckdb
-- view: One budget as configured now.
-- column budget_id VARCHAR: Id of the budget in tollbook.toml
-- column project_id VARCHAR: Project it is for; NULL: the whole organization
-- column model VARCHAR: Model it is for; NULL: every model
-- column scope VARCHAR: Scope it is for; NULL: every scope
-- column amount_usd DECIMAL(38,24): Amount for one period, USD
-- column thresholds INTEGER[]: Percentages at which an alert is raised, ascending
SELECT budget_id, project_id, model, scope, amount_usd, thresholds FROM stored.budgets
