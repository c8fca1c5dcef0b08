-- row: one closing of a month, the newest version of a month being the one that holds.
-- engine: duckdb
-- view: One closing of a month of the organization's calendar. It holds as long as reopened_at is
--   NULL; a month that is closed again has another row.
-- column period VARCHAR: The month, such as 2026-10
-- column period_start_date DATE: Its first day
-- column period_end_date DATE: First day after it
-- column version INTEGER: 1, and one more each time it is closed again
-- column closed_at TIMESTAMP: When it was closed, UTC
-- column closed_by VARCHAR: Who closed it
-- column reason VARCHAR: Why it was closed though something was in the way; NULL where nothing was
-- column in_the_way VARCHAR: What was in the way, one a line; empty where nothing was
-- column content_hash VARCHAR: SHA-256 of its manifest, which has that of every file it was closed with
-- column folder VARCHAR: Folder of these files, relative to the storage root
-- column requests BIGINT: Requests of its days when it was closed, as a count
-- column cost_usd DECIMAL(38,24): Cost of its days when it was closed, USD
-- column corrections_usd DECIMAL(38,24): Corrections of months closed before that are booked in it,
--   USD; not in cost_usd
-- column unpriced_quantity DECIMAL(38,6): Quantity without a price when it was closed, in mixed units
-- column corrections_since BIGINT: Corrections booked in later months since, as a count of days,
--   projects, models and scopes; 0 where it was reopened
-- column corrected_since_usd DECIMAL(38,24): What they add up to, USD
-- column run_id VARCHAR: Run that closed it
-- column reopened_at TIMESTAMP: When it was opened again, UTC; NULL: it is closed
-- column reopened_by VARCHAR: Who opened it
-- column reopen_reason VARCHAR: Why it was opened
SELECT
  strftime(p.period_start_date, '%Y-%m') AS period, p.period_start_date, p.period_end_date, p.version,
  p.closed_at, p.closed_by, p.reason, p.in_the_way, p.content_hash, p.folder, p.requests, p.cost_usd,
  p.corrections_usd, p.unpriced_quantity,
  CAST(coalesce(c.corrections, 0) AS BIGINT) AS corrections_since,
  CAST(coalesce(c.cost_usd, 0) AS DECIMAL(38, 24)) AS corrected_since_usd,
  p.run_id, p.reopened_at, p.reopened_by, p.reopen_reason
FROM stored.closed_periods AS p
LEFT JOIN (
  SELECT date_trunc('month', charge_date) AS month_date, count(*) AS corrections, sum(cost_usd) AS cost_usd
  FROM stored.corrections
  WHERE moved_back_at IS NULL
  GROUP BY ALL
) AS c ON c.month_date = p.period_start_date AND p.reopened_at IS NULL
