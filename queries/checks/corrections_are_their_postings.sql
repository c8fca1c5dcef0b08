-- row: one closed day for which a run's corrections are not what it posted.
-- gives: place (what is at fault), finding (what is wrong with it).
-- takes: closed_postings (charge_date, cost_usd), what the run posted for closed days; checked_run (run_id).
-- engine: duckdb
WITH posted AS (
  SELECT charge_date, coalesce(sum(cost_usd), 0) AS cost_usd
  FROM closed_postings
  GROUP BY charge_date
),

booked AS (
  SELECT charge_date, coalesce(sum(cost_usd), 0) AS cost_usd
  FROM corrections
  WHERE run_id = (SELECT run_id FROM checked_run)
  GROUP BY charge_date
)

SELECT
  CAST(coalesce(p.charge_date, b.charge_date) AS VARCHAR) AS place,
  format(
    'its corrections are {} USD, what was posted for it {} USD',
    CAST(coalesce(b.cost_usd, 0) AS VARCHAR), CAST(coalesce(p.cost_usd, 0) AS VARCHAR)
  ) AS finding
FROM posted AS p
FULL JOIN booked AS b ON b.charge_date = p.charge_date
WHERE coalesce(p.cost_usd, 0) <> coalesce(b.cost_usd, 0)
ORDER BY place
