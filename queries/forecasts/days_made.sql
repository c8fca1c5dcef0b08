-- row: one: the first day with any cost, and the days for which the organization has a forecast.
-- takes: daily, the small sums by day.
-- engine: duckdb
SELECT
  (SELECT min(charge_date) FROM {{ daily }} WHERE cost_usd > 0) AS first_date,
  (SELECT list(DISTINCT made_date) FROM forecasts WHERE subject_kind = 'organization') AS made_dates
