-- row: one budget whose period touches the month, with the highest threshold that an alert names and
--      the day on which its spend crossed it, one rate limit with the highest one, or one other alert
--      of the month; the worst first. What was crossed in another month is on that month's page.
-- engine: duckdb
WITH of_budgets AS (
  SELECT
    a.subject_id, a.period_start_date, a.threshold_percent, a.threshold_usd, a.severity, a.state,
    a.raised_at, s.amount_usd
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
    ORDER BY
      a.state = 'retracted',
      coalesce(a.threshold_usd * 100, s.amount_usd * a.threshold_percent) DESC,
      a.alert_id
  ) = 1
),

listed AS (
  SELECT
    coalesce(c.reached_date, CAST(b.raised_at AS DATE)) AS alert_date,
    'budget' AS kind, b.subject_id, b.severity, b.threshold_percent, b.threshold_usd, b.amount_usd,
    CAST(NULL AS VARCHAR) AS message, b.state
  FROM of_budgets AS b
  LEFT JOIN budget_crossings AS c
    ON c.budget_id = b.subject_id
    AND c.period_start_date = b.period_start_date
    AND c.threshold_percent IS NOT DISTINCT FROM b.threshold_percent
    AND c.threshold_usd IS NOT DISTINCT FROM b.threshold_usd
  UNION ALL
  SELECT
    CAST(raised_at AS DATE) AS alert_date, kind, subject_id, severity, threshold_percent,
    threshold_usd, CAST(NULL AS DECIMAL(38, 24)) AS amount_usd, message, state
  FROM alerts
  WHERE
    kind <> 'budget'
    AND coalesce(period_start_date, CAST(raised_at AS DATE)) >= $since
    AND coalesce(period_start_date, CAST(raised_at AS DATE)) < $until
  QUALIFY kind <> 'rate_limit' OR row_number() OVER (
    PARTITION BY kind, subject_id, period_start_date
    ORDER BY state = 'retracted', threshold_percent DESC, alert_id
  ) = 1
)

SELECT
  alert_date, kind, subject_id, severity, threshold_percent, threshold_usd, amount_usd, message, state
FROM listed
WHERE kind <> 'budget' OR (alert_date >= $since AND alert_date < $until)
ORDER BY
  CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
  alert_date DESC, kind, subject_id, message
