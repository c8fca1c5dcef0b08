-- row: as track_record, for a terminal: errors in percent, in brackets those of run-rate and seasonal
-- naive.
-- takes: rows, the statement that gives the rows of track_record.
-- engine: duckdb
SELECT
  subject_kind,
  days_known,
  forecasts,
  filled_in
  {%- for error in ('capped_mape', 'wape', 'median_ape') %},
  {{ error }}_percent || ' (' || run_rate_{{ error }}_percent || ', '
    || seasonal_naive_{{ error }}_percent || ')' AS {{ error }}
  {%- endfor %},
  within80_percent,
  within95_percent
FROM ({{ rows }})
