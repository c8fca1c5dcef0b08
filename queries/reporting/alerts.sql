-- row: one budget whose period touches the month, with the highest threshold that an alert names and
--      the day on which its spend crossed it, or one other alert of the month; the worst first.
--      What was crossed in another month is on that month's page.
-- engine: duckdb
WITH of_budgets AS (
  SELECT
    a.alert_id, a.subject_id, a.threshold_percent, a.severity, a.state, a.raised_at,
    s.period_start_date, s.period_end_date, s.project_id, s.model, s.scope, s.amount_usd
  FROM alerts AS a
  INNER JOIN budget_status AS s
    ON s.budget_id = a.subject_id AND s.period_start_date = a.period_start_date
  WHERE
    a.kind = 'budget'
    AND s.period_start_date < $until
    AND s.period_end_date > $since
  -- one that was taken back only where no other one holds
  QUALIFY row_number() OVER (
    PARTITION BY a.subject_id, a.period_start_date
    ORDER BY a.state = 'retracted', a.threshold_percent DESC, a.alert_id
  ) = 1
),

spent_by_day AS (
  SELECT b.alert_id, d.charge_date, sum(d.cost_usd) AS cost_usd
  FROM of_budgets AS b
  INNER JOIN daily_costs AS d
    ON d.charge_date >= b.period_start_date AND d.charge_date < b.period_end_date
    AND (b.project_id IS NULL OR b.project_id = d.project_id)
    AND (b.model IS NULL OR b.model = d.model)
    AND (b.scope IS NULL OR b.scope = d.scope)
  GROUP BY b.alert_id, d.charge_date
),

spent_so_far AS (
  SELECT
    alert_id, charge_date,
    CAST(sum(cost_usd) OVER (PARTITION BY alert_id ORDER BY charge_date) AS DECIMAL(38, 24))
      AS cost_usd
  FROM spent_by_day
),

crossed AS (
  SELECT b.alert_id, min(s.charge_date) AS crossed_date
  FROM of_budgets AS b
  INNER JOIN spent_so_far AS s ON s.alert_id = b.alert_id
  WHERE s.cost_usd * 100 >= b.amount_usd * b.threshold_percent
  GROUP BY b.alert_id
),

listed AS (
  SELECT
    coalesce(c.crossed_date, CAST(b.raised_at AS DATE)) AS alert_date,
    'budget' AS kind, b.subject_id, b.severity, b.threshold_percent, b.amount_usd,
    CAST(NULL AS VARCHAR) AS message, b.state
  FROM of_budgets AS b
  LEFT JOIN crossed AS c ON c.alert_id = b.alert_id
  UNION ALL
  SELECT
    CAST(raised_at AS DATE) AS alert_date, kind, subject_id, severity, threshold_percent,
    CAST(NULL AS DECIMAL(38, 24)) AS amount_usd, message, state
  FROM alerts
  WHERE
    kind <> 'budget'
    AND coalesce(period_start_date, CAST(raised_at AS DATE)) >= $since
    AND coalesce(period_start_date, CAST(raised_at AS DATE)) < $until
)

SELECT alert_date, kind, subject_id, severity, threshold_percent, amount_usd, message, state
FROM listed
WHERE kind <> 'budget' OR (alert_date >= $since AND alert_date < $until)
ORDER BY
  CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
  alert_date DESC, kind, subject_id, message
