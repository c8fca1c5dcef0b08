-- row: what a unit of a currency is worth from a day on, as recorded by $at (NULL: by now).
-- takes: schema, where the table is.
-- engine: duckdb
SELECT currency, valid_from_date, usd_per_unit
FROM {{ schema }}.currency_rates
WHERE $at IS NULL OR recorded_at <= $at
QUALIFY row_number() OVER (
  PARTITION BY currency, valid_from_date ORDER BY recorded_at DESC, rowid DESC
) = 1
ORDER BY currency, valid_from_date
