-- row: one budget and period that has a day from $since to before $until, the fullest first.
-- engine: duckdb
WITH crossed AS (
  SELECT
    budget_id,
    period_start_date,
    string_agg(
      CASE
        WHEN threshold_percent IS NOT NULL THEN threshold_percent || ' %'
        ELSE CAST(CAST(threshold_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD'
      END || ' on ' || reached_date,
      ', ' ORDER BY reached_at_usd
    ) AS crossed
  FROM budget_crossings
  GROUP BY budget_id, period_start_date
)

SELECT
  s.budget_id,
  s.project_id,
  s.model,
  s.scope,
  s.period_start_date,
  s.period_end_date,
  s.amount_usd,
  s.spent_usd,
  s.spent_ratio,
  s.is_lower_bound,
  s.state,
  CASE s.state
    WHEN 'over' THEN 'over budget'
    WHEN 'near' THEN 'near: its highest threshold below 100 % is passed'
    ELSE 'within budget'
  END
  || CASE
    WHEN NOT s.is_lower_bound THEN ''
    WHEN s.state = 'over' THEN '; the true spend is higher still, as some usage has no price'
    ELSE '; at least: some usage has no price, so the true spend is higher'
  END AS standing,
  s.period_label,
  s.covers,
  s.owner,
  s.carried_usd,
  s.base_amount,
  s.currency,
  c.crossed
FROM budget_status AS s
LEFT JOIN crossed AS c
  ON c.budget_id = s.budget_id AND c.period_start_date = s.period_start_date
WHERE s.period_start_date < $until AND s.period_end_date > $since
ORDER BY s.spent_ratio DESC, s.budget_id, s.period_start_date
