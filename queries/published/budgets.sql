-- row: one budget of the configuration that the newest run used.
-- engine: duckdb
-- view: One budget as configured now. It is for what meets every condition that is not NULL.
-- column budget_id VARCHAR: Id of the budget, as configured
-- column covers VARCHAR: What it is for, in words
-- column project_id VARCHAR: Project it is for; NULL: every project
-- column model VARCHAR: Model it is for; NULL: every model
-- column model_family VARCHAR: Models it is for: those of this name, with or without a date
-- column scope VARCHAR: Scope it is for; NULL: every scope
-- column provider VARCHAR: Provider it is for; NULL: every provider
-- column team VARCHAR: Team it is for, as the cost centres of the directory map projects
-- column cost_center VARCHAR: Cost centre it is for
-- column api_key_id VARCHAR: API key it is for
-- column user_id VARCHAR: User it is for
-- column service_account_id VARCHAR: Service account it is for
-- column owner VARCHAR: Who answers for it; NULL: nobody is named
-- column calendar VARCHAR: What its periods are: day, week, month, quarter, year (with the first
--   month of the fiscal year where that is not January), or a range of days
-- column amount_usd DECIMAL(38,24): Amount for one period, USD; NULL where it is in another currency
-- column amount DECIMAL(38,24): Amount for one period, in its currency
-- column currency VARCHAR: Currency of the amount
-- column rollover VARCHAR: What is carried over to the next period: none, unused, overspend, both
-- column is_hard BOOLEAN: Whether it is a limit and not only a plan
-- column valid_from_date DATE: First day; NULL: from the beginning
-- column valid_to_date DATE: First day on which it no longer holds; NULL: without end
-- column thresholds INTEGER[]: Percentages at which an alert is raised, ascending
-- column thresholds_usd DECIMAL(38,24)[]: Amounts at which an alert is raised, USD,
--   ascending
-- column forecast_thresholds INTEGER[]: Percentages of the forecast at which an alert is raised
-- column action VARCHAR: What is set at the provider while it is over: spend_limit, rate_limits
SELECT
  budget_id, covers, project_id, model, model_family, scope, provider, team, cost_center, api_key_id,
  user_id, service_account_id, owner, calendar, amount_usd, amount, currency, rollover, is_hard,
  valid_from_date, valid_to_date, thresholds, thresholds_usd, forecast_thresholds, action
FROM stored.budgets
