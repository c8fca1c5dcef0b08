-- question: Which price changes mattered: what did the usage since then cost more or less?
-- row: one change of what was paid for one meter, tier and context class of a model: of the list, of
--      a contract or of a discount, from the price last paid before; the largest effect first.
--      Without usage on both sides of it there is no change. The usage since is that until the next.
-- ties: sum(effect_usd) = what the usage since cost more than at the prices before, per project.
-- parameter: since DATE default last_day-90, first day of the usage (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only usage of this project
-- engine: duckdb
WITH paid AS (
  SELECT
    provider, model, project_id, meter, service_tier, context_class, variant, unit,
    price_id, contracted_unit_price_usd AS unit_price_usd, usage_date,
    sum(quantity) FILTER (WHERE charge_date >= $since) AS quantity,
    sum(cost_usd) FILTER (WHERE charge_date >= $since) AS cost_usd
  FROM charges
  WHERE
    charge_date < $until
    AND contracted_unit_price_usd IS NOT NULL
    AND bill_cause IS NULL
    AND quantity > 0  -- an allowance follows the price of what it is taken off
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY
    provider, model, project_id, meter, service_tier, context_class, variant, unit,
    price_id, contracted_unit_price_usd, usage_date
),

book AS (
  SELECT price_id, min(layer) AS layer, min(valid_from_at) AS valid_from_at
  FROM prices
  GROUP BY price_id
),

ordered AS (
  SELECT
    paid.provider, paid.model, paid.project_id, paid.meter, paid.service_tier, paid.context_class,
    paid.variant, paid.unit, paid.price_id, paid.unit_price_usd, paid.usage_date, paid.quantity,
    paid.cost_usd, book.layer, book.valid_from_at,
    lag(paid.unit_price_usd) OVER history AS before_usd,
    row_number() OVER history AS place
  FROM paid
  LEFT JOIN book ON book.price_id = split_part(paid.price_id, ' ', 1)
  WINDOW history AS (
    PARTITION BY
      paid.provider, paid.model, paid.project_id, paid.meter, paid.service_tier,
      paid.context_class, paid.variant
    ORDER BY paid.usage_date, book.valid_from_at NULLS FIRST, paid.price_id, paid.unit_price_usd
  )
),

numbered AS (
  SELECT
    *,
    count(*) FILTER (WHERE before_usd <> unit_price_usd) OVER (
      PARTITION BY provider, model, project_id, meter, service_tier, context_class, variant
      ORDER BY place
    ) AS changes_so_far
  FROM ordered
),

changed AS (
  SELECT
    provider, model, project_id, meter, service_tier, context_class, variant, unit,
    arg_min(price_id, place) AS price_id,
    arg_min(layer, place) AS layer,
    arg_min(valid_from_at, place) AS valid_from_at,
    min(usage_date) AS first_usage_date,
    arg_min(before_usd, place) AS old_unit_price_usd,
    min(unit_price_usd) AS new_unit_price_usd,
    sum(quantity) AS quantity,
    sum(cost_usd) AS cost_usd
  FROM numbered
  WHERE changes_so_far > 0
  GROUP BY
    provider, model, project_id, meter, service_tier, context_class, variant, unit, changes_so_far
)

SELECT
  price_id,
  provider,
  model,
  meter,
  service_tier,
  context_class,
  variant,
  layer,
  valid_from_at,
  min(first_usage_date) AS first_usage_date,
  old_unit_price_usd,
  new_unit_price_usd,
  sum(quantity) AS quantity,
  unit,
  sum(cost_usd) AS cost_usd,
  CAST(
    CAST(sum(quantity) AS DECIMAL(22,6))
    * CAST(new_unit_price_usd - old_unit_price_usd AS DECIMAL(22,18))
    AS DECIMAL(38,24)
  ) AS effect_usd
FROM changed
WHERE quantity > 0
GROUP BY
  price_id, provider, model, meter, service_tier, context_class, variant, layer, valid_from_at,
  old_unit_price_usd, new_unit_price_usd, unit
ORDER BY abs(effect_usd) DESC, price_id, old_unit_price_usd
