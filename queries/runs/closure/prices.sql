-- row: one price that charges of a month used.
-- takes: columns, those of prices; $since, $until, the month's days, half-open.
-- engine: duckdb
SELECT {{ columns | columns('p') }}
FROM prices AS p
SEMI JOIN (
  SELECT DISTINCT unnest(string_split(price_id, ' ')) AS price_id
  FROM charges
  WHERE charge_date >= $since AND charge_date < $until
) AS u ON u.price_id = p.price_id
ORDER BY ALL
