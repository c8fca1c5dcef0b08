-- row: one forecast as a reader on a terminal wants it, of the rows of forecasts/shown.
-- takes: rows, the statement that gives these.
-- engine: duckdb
SELECT
  CASE
    WHEN subject_kind = 'organization' THEN 'organization'
    ELSE
      subject_kind || ' '
      || coalesce(subject_name || ' (' || subject_id || ')', subject_id, '(none)')
  END AS subject,
  period_end_date - 1 AS until_date,
  CAST(spent_usd AS DECIMAL(38, 2)) AS spent_usd,
  CAST(forecast_usd AS DECIMAL(38, 2)) AS forecast_usd,
  CAST(low80_usd AS DECIMAL(38, 2)) AS low80_usd,
  CAST(high80_usd AS DECIMAL(38, 2)) AS high80_usd,
  CAST(amount_usd AS DECIMAL(38, 2)) AS budget_usd,
  coalesce(exceeds, '') AS exceeds,
  CASE
    WHEN crossing_date IS NULL THEN ''
    WHEN crossing_first_date = crossing_last_date THEN CAST(crossing_date AS VARCHAR)
    ELSE crossing_first_date || ' to ' || crossing_last_date
  END AS crosses_on,
  CASE
    WHEN record_forecasts = 0 THEN ''
    ELSE 'off by ' || record_error_percent || ' % (median of ' || record_forecasts || ')'
  END AS record,
  concat_ws(
    '; ',
    remark,
    CASE
      WHEN left_out_projects > 0
        THEN left_out_projects || CASE WHEN left_out_projects = 1 THEN ' project' ELSE ' projects' END
          || ' with ' || CAST(left_out_usd AS DECIMAL(38, 2))
          || CASE WHEN left_out_projects = 1 THEN ' USD has' ELSE ' USD have' END || ' no forecast'
    END
  ) AS remark
FROM ({{ rows }})
ORDER BY
  CASE subject_kind WHEN 'organization' THEN 1 WHEN 'budget' THEN 2 ELSE 3 END,
  coalesce(forecast_usd, spent_usd) DESC,
  subject_id,
  period_start_date
