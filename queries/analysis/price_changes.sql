-- question: Which price changes mattered: what did the usage since then cost more or less?
-- row: one change of the price of one meter, tier and context class of a model that usage was priced
--      by, the largest effect first. The effect compares prices before discounts.
-- ties: sum(cost_usd) = that of charges over the same days and the price ids listed.
-- parameter: since DATE default last_day-90, first day of the usage (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only usage of this project
-- engine: duckdb
WITH book AS (
  SELECT DISTINCT  -- several books may hold the same price
    price_id, provider, model, meter, service_tier, context_class, variant, layer,
    unit, unit_price_usd, valid_from_at, valid_to_at
  FROM prices
),

changes AS (
  SELECT
    later.price_id,
    later.provider,
    later.model,
    later.meter,
    later.service_tier,
    later.context_class,
    later.variant,
    later.layer,
    later.unit,
    later.valid_from_at,
    max(earlier.unit_price_usd) AS old_unit_price_usd,
    max(later.unit_price_usd) AS new_unit_price_usd
  FROM book AS later
  INNER JOIN book AS earlier
    ON
      later.provider = earlier.provider
      AND later.model = earlier.model
      AND later.meter = earlier.meter
      AND later.service_tier = earlier.service_tier
      AND later.context_class = earlier.context_class
      AND later.variant IS NOT DISTINCT FROM earlier.variant
      AND later.layer = earlier.layer
      AND later.valid_from_at = earlier.valid_to_at
  WHERE later.unit_price_usd <> earlier.unit_price_usd
  GROUP BY
    later.price_id, later.provider, later.model, later.meter,
    later.service_tier, later.context_class, later.variant,
    later.layer, later.unit, later.valid_from_at
),

used AS (
  SELECT price_id, sum(quantity) AS quantity, sum(cost_usd) AS cost_usd
  FROM charges
  WHERE
    charge_date >= $since
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY price_id
)

SELECT
  changes.price_id,
  changes.provider,
  changes.model,
  changes.meter,
  changes.service_tier,
  changes.context_class,
  changes.variant,
  changes.layer,
  changes.valid_from_at,
  changes.old_unit_price_usd,
  changes.new_unit_price_usd,
  used.quantity,
  changes.unit,
  used.cost_usd,
  CAST(
    CAST(used.quantity AS DECIMAL(22,6))
    * CAST(changes.new_unit_price_usd - changes.old_unit_price_usd AS DECIMAL(22,18))
    AS DECIMAL(38,24)
  ) AS effect_usd
FROM changes
INNER JOIN used ON changes.price_id = used.price_id
ORDER BY abs(effect_usd) DESC, changes.price_id
