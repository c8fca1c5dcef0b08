-- question: What does each service tier cost, what would the Batch API have saved, and what do long
--      requests cost extra?
-- row: one model, service tier and context class, the most expensive first. Savings and premiums
--      compare prices of one source on the day of use, before discounts; where several held that
--      day, the dearest is compared with, so that neither is overstated.
-- ties: sum(cost_usd) = that of charges over the same days.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH book AS (
  SELECT DISTINCT  -- several books may hold the same price
    price_id, provider, model, meter, service_tier, context_class, variant, layer,
    unit_price_usd, valid_from_at, valid_to_at
  FROM prices
),

lines AS (
  SELECT
    usage_date, provider, model, service_tier, context_class, meter, pricing_status,
    split_part(price_id, ' ', 1) AS price_id,  -- as prices has it
    sum(quantity) AS quantity,
    sum(cost_usd) AS cost_usd
  FROM charges
  WHERE
    charge_date >= $since
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY
    usage_date, provider, model, service_tier, context_class, meter, pricing_status,
    split_part(price_id, ' ', 1)
),

other_prices AS (
  SELECT
    priced.usage_date,
    priced.price_id,
    max(other.unit_price_usd) FILTER (
      WHERE
        used.service_tier = 'default'
        AND other.service_tier = 'batch'
        AND other.context_class = used.context_class
    ) AS batch_unit_price_usd,
    max(other.unit_price_usd) FILTER (
      WHERE
        used.context_class = 'long'
        AND other.context_class = 'base'
        AND other.service_tier = used.service_tier
    ) AS base_unit_price_usd
  FROM (SELECT DISTINCT usage_date, price_id FROM lines) AS priced
  INNER JOIN book AS used ON priced.price_id = used.price_id
  INNER JOIN book AS other
    ON
      used.provider = other.provider
      AND used.model = other.model
      AND used.meter = other.meter
      AND used.variant IS NOT DISTINCT FROM other.variant
      AND used.layer = other.layer
      AND (other.valid_from_at IS NULL OR other.valid_from_at < priced.usage_date + 1)
      AND (other.valid_to_at IS NULL OR other.valid_to_at > priced.usage_date)
  GROUP BY priced.usage_date, priced.price_id
),

unit_prices AS (
  SELECT price_id, max(unit_price_usd) AS unit_price_usd
  FROM book
  GROUP BY price_id
),

compared AS (
  SELECT
    lines.model,
    lines.service_tier,
    lines.context_class,
    lines.pricing_status,
    lines.quantity,
    lines.cost_usd,
    lines.quantity
    * CAST(unit_prices.unit_price_usd - other_prices.batch_unit_price_usd AS DECIMAL(22,18))
      AS batch_saving_usd,
    lines.quantity
    * CAST(unit_prices.unit_price_usd - other_prices.base_unit_price_usd AS DECIMAL(22,18))
      AS long_premium_usd
  FROM lines
  LEFT JOIN unit_prices ON lines.price_id = unit_prices.price_id
  LEFT JOIN other_prices
    ON lines.price_id = other_prices.price_id AND lines.usage_date = other_prices.usage_date
)

SELECT
  model,
  service_tier,
  context_class,
  sum(cost_usd) AS cost_usd,
  CAST(sum(batch_saving_usd) AS DECIMAL(38,24)) AS batch_saving_usd,
  coalesce(
    sum(quantity) FILTER (
      WHERE
        service_tier = 'default' AND pricing_status = 'priced' AND batch_saving_usd IS NULL
    ),
    0
  ) AS quantity_without_batch_price,
  CAST(sum(long_premium_usd) AS DECIMAL(38,24)) AS long_premium_usd,
  coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity
FROM compared
GROUP BY model, service_tier, context_class
ORDER BY cost_usd DESC NULLS LAST, model NULLS LAST, service_tier, context_class
