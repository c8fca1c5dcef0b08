-- row: one gap of a month that somebody cleared: a cause, project and model, and the amount then.
-- engine: duckdb
-- view: One gap to the provider's costs that somebody cleared (tollbook reconcile clear), with the
--   amount that it had then; when the amount moves, it is to clear again.
-- column clearing_id VARCHAR: Id of the act
-- column month_date DATE: First day of the UTC month of the gap
-- column cause VARCHAR: Cause of the gap, one of those of reconciliation
-- column project_id VARCHAR: Id of the project; NULL where the bill names none
-- column project_name VARCHAR: Name of the project as of now; NULL where it is not known
-- column model VARCHAR: Model of the gap; its line item where there is no model
-- column up_usd DECIMAL(38,24): What the bill had above our charges, USD, summed over project, line
--   item and day, when it was cleared
-- column down_usd DECIMAL(38,24): What the bill had below our charges, USD, as a negative amount,
--   when it was cleared
-- column reason VARCHAR: Why it was cleared
-- column cleared_by VARCHAR: Who cleared it
-- column cleared_at TIMESTAMP: When it was cleared, UTC
-- column run_id VARCHAR: Run that cleared it
-- column undone_reason VARCHAR: Why that was taken back; NULL where it holds, or no reason was given
-- column undone_by VARCHAR: Who took it back; NULL where it holds
-- column undone_at TIMESTAMP: When it was taken back or cleared anew, UTC; NULL where it holds
SELECT
  c.clearing_id, c.month_date, c.cause, c.project_id, p.project_name, c.model, c.up_usd, c.down_usd,
  c.reason, c.cleared_by, c.cleared_at, c.run_id, c.undone_reason, c.undone_by, c.undone_at
FROM stored.cleared_gaps AS c
LEFT JOIN stored.projects AS p ON p.project_id = c.project_id
