-- row: what of the month could cost more, where it is known how much at most: usage without a price
--      at the price of the default tier, which flex and batch do not exceed, and rows held back at
--      the dearest token of the month. NULL where nothing says how much.
-- engine: duckdb
WITH default_prices AS (
  SELECT provider, model, meter, context_class, max(unit_price_usd) AS unit_price_usd
  FROM (
    SELECT provider, model, meter, context_class, unit_price_usd
    FROM prices
    WHERE service_tier = 'default' AND variant IS NULL
    UNION ALL
    SELECT provider, model, meter, context_class, dearest_unit_price_usd AS unit_price_usd
    FROM period_charges
    WHERE
      charge_date >= $since AND charge_date < $until
      AND service_tier = 'default' AND dearest_unit_price_usd IS NOT NULL
  )
  GROUP BY provider, model, meter, context_class
),

unpriced AS (
  SELECT
    CAST(
      CAST(u.quantity AS DECIMAL(22, 6)) * d.unit_price_usd AS DECIMAL(38, 24)
    ) AS at_most_usd
  FROM period_charges AS u
  LEFT JOIN default_prices AS d
    ON
      d.provider = u.provider
      AND d.model = u.model
      AND d.meter = u.meter
      AND d.context_class = u.context_class
      AND u.service_tier IN ('default', 'flex', 'batch')
  WHERE
    u.charge_date >= $since AND u.charge_date < $until
    AND u.pricing_status = 'unpriced' AND u.quantity <> 0
),

dearest AS (
  SELECT max(dearest_unit_price_usd) AS unit_price_usd
  FROM period_charges
  WHERE charge_date >= $since AND charge_date < $until AND unit = 'tokens'
),

held_back AS (
  SELECT
    CAST(
      CAST(q.tokens_held_back AS DECIMAL(22, 6)) * d.unit_price_usd AS DECIMAL(38, 24)
    ) AS at_most_usd
  FROM quarantine AS q
  CROSS JOIN dearest AS d
  WHERE
    q.replayed_at IS NULL
    AND (q.usage_date IS NULL OR (q.usage_date >= $since AND q.usage_date < $until))
)

SELECT
  'no price' AS doubt,
  CAST(coalesce(sum(at_most_usd), 0) AS DECIMAL(38, 24)) AS at_most_usd,
  count(*) - count(at_most_usd) AS of_unknown_size,
  count(*) AS rows_in_doubt
FROM unpriced
UNION ALL
SELECT
  'held back' AS doubt,
  CAST(coalesce(sum(at_most_usd), 0) AS DECIMAL(38, 24)) AS at_most_usd,
  count(*) - count(at_most_usd) AS of_unknown_size,
  count(*) AS rows_in_doubt
FROM held_back
