-- question: What is used without a price, so that every total it touches is a lower bound?
-- row: one provider, model, operation, meter, tier, context class and variant without a price.
-- ties: sum(quantity) = that of charges over the same days where pricing_status is 'unpriced'.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH unpriced AS (
  SELECT
    provider, model, operation, meter, unit, service_tier, context_class, variant,
    sum(quantity) AS quantity,
    count(DISTINCT charge_date) AS days,
    count(DISTINCT project_id) AS projects,
    min(charge_date) AS first_charge_date,
    max(charge_date) AS last_charge_date
  FROM charges
  WHERE
    pricing_status = 'unpriced'
    AND charge_date >= $since
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY provider, model, operation, meter, unit, service_tier, context_class, variant
),

known AS (
  SELECT provider, model, meter, string_agg(DISTINCT service_tier, ', ' ORDER BY service_tier)
    AS priced_tiers
  FROM prices
  GROUP BY provider, model, meter
)

SELECT
  unpriced.provider,
  unpriced.model,
  unpriced.operation,
  unpriced.meter,
  unpriced.service_tier,
  unpriced.context_class,
  unpriced.variant,
  unpriced.quantity,
  unpriced.unit,
  unpriced.days,
  unpriced.projects,
  unpriced.first_charge_date,
  unpriced.last_charge_date,
  known.priced_tiers  -- tiers for which the book has this model and meter; NULL: none
FROM unpriced
LEFT JOIN known
  ON
    unpriced.provider = known.provider
    AND unpriced.model = known.model
    AND unpriced.meter = known.meter
ORDER BY
  unpriced.quantity DESC, unpriced.provider, unpriced.model, unpriced.operation, unpriced.meter,
  unpriced.service_tier, unpriced.context_class, unpriced.variant NULLS LAST
