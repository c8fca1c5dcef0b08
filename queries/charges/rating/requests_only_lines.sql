-- row: requests that used nothing (of one day with one set of dimensions), as a line of quantity 0:
-- they are on no other line, and cost nothing. Such a line is counted and never posted.
-- takes: quantities.
-- engine: any
SELECT
  {{ charge_dimensions | columns }}, 'requests' AS meter, CAST(0 AS DECIMAL(22, 6)) AS quantity,
  'requests' AS unit, CAST(NULL AS VARCHAR) AS price_id,
  CAST(NULL AS DECIMAL(22, 18)) AS list_unit_price_usd,
  CAST(NULL AS DECIMAL(22, 18)) AS contracted_unit_price_usd,
  CAST(0 AS DECIMAL(38, 24)) AS list_cost_usd, CAST(0 AS DECIMAL(38, 24)) AS cost_usd,
  'free' AS pricing_status
{%- for column, type in unrated_columns.items() %}, CAST(NULL AS {{ type }}) AS {{ column }}
{%- endfor %}, CAST(sum(requests) AS BIGINT) AS requests
FROM quantities
WHERE requests <> 0 AND {{ meters | join(' + ') }} = 0
GROUP BY {{ charge_dimensions | columns }}
