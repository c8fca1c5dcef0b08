-- row: one forecast that was made on $made_date, by $at where it is not NULL, and not filled in later.
-- takes: schema, where the table is.
-- engine: duckdb
SELECT
  subject_kind, subject_id, period_start_date, period_end_date, known_until_date, spent_usd,
  history_days, forecast_usd, low80_usd, high80_usd, low95_usd, high95_usd, method, remark,
  amount_usd, exceeds_percent, crossing_date, crossing_first_date, crossing_last_date,
  left_out_projects, left_out_usd, run_rate_usd, seasonal_naive_usd
FROM {{ schema }}.forecasts
WHERE made_date = $made_date AND NOT is_backfilled AND ($at IS NULL OR made_at <= $at)
ORDER BY subject_kind, subject_id, period_start_date
