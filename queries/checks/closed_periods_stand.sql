-- row: one closed month whose figures are not those that it was closed with.
-- gives: place (what is at fault), finding (what is wrong with it).
-- takes: closed_days, the small sums of all days of closed months that are looked at;
-- checked_periods (period_start_date), those months.
-- engine: duckdb
WITH sums AS (
  SELECT
    date_trunc('month', charge_date) AS period_start_date, sum(requests) AS requests,
    sum(coalesce(cost_usd, 0)) AS cost_usd, sum(unpriced_quantity) AS unpriced_quantity
  FROM closed_days
  GROUP BY ALL
),

corrected AS (
  SELECT
    date_trunc('month', charge_date) AS period_start_date, sum(requests) AS requests,
    sum(coalesce(cost_usd, 0)) AS cost_usd, sum(unpriced_quantity) AS unpriced_quantity
  FROM corrections
  WHERE moved_back_at IS NULL
  GROUP BY ALL
),

compared AS (
  SELECT
    p.period_start_date, p.requests AS closed_requests, p.cost_usd AS closed_usd,
    p.unpriced_quantity AS closed_quantity,
    coalesce(s.requests, 0) - coalesce(c.requests, 0) AS requests,
    coalesce(s.cost_usd, 0) - coalesce(c.cost_usd, 0) AS cost_usd,
    coalesce(s.unpriced_quantity, 0) - coalesce(c.unpriced_quantity, 0) AS unpriced_quantity
  FROM closed_periods AS p
  SEMI JOIN checked_periods AS k ON k.period_start_date = p.period_start_date
  LEFT JOIN sums AS s ON s.period_start_date = p.period_start_date
  LEFT JOIN corrected AS c ON c.period_start_date = p.period_start_date
  WHERE p.reopened_at IS NULL
)

SELECT
  strftime(period_start_date, '%Y-%m') AS place,
  format(
    'it was closed with {} USD and {} requests, and without its corrections is {} USD and {} requests',
    CAST(closed_usd AS VARCHAR), CAST(closed_requests AS VARCHAR), CAST(cost_usd AS VARCHAR),
    CAST(requests AS VARCHAR)
  ) AS finding
FROM compared
WHERE
  cost_usd <> closed_usd OR requests <> closed_requests OR unpriced_quantity <> closed_quantity
ORDER BY place
