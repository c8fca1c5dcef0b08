-- row: one a currency in which the provider's costs endpoint reported days of the UTC month.
-- Our side is over the same days only, so that a day not yet reported is not a difference.
-- engine: duckdb
WITH reported AS (
  SELECT
    lower(currency) AS currency, usage_date,
    CAST(sum(amount) AS DECIMAL(38,24)) AS amount,
    CAST(coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS DECIMAL(38,24)) AS credits,
    max(fetched_at) AS fetched_at
  FROM provider_costs
  WHERE usage_date >= $since AND usage_date < $until
  GROUP BY lower(currency), usage_date
),
own AS (
  SELECT
    usage_date,
    CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
    CAST(sum(lines) AS BIGINT) AS lines,
    CAST(sum(unpriced_lines) AS BIGINT) AS unpriced_lines
  FROM period_charges
  WHERE usage_date >= $since AND usage_date < $until
  GROUP BY usage_date
),
settled AS (
  SELECT usage_date FROM bill_days GROUP BY usage_date HAVING bool_and(is_settled)
),
foreign_days AS (
  SELECT DISTINCT usage_date FROM reported WHERE currency <> 'usd'
)
SELECT
  reported.currency,
  CAST(sum(reported.amount) AS DECIMAL(38,24)) AS amount,
  CAST(count(*) AS BIGINT) AS days,
  max(reported.fetched_at) AS fetched_at,
  CAST(coalesce(sum(own.cost_usd), 0) AS DECIMAL(38,24)) AS own_cost_usd,
  CAST(coalesce(sum(own.lines), 0) AS BIGINT) AS own_lines,
  CAST(coalesce(sum(own.unpriced_lines), 0) AS BIGINT) AS own_unpriced_lines,
  CAST(sum(reported.credits) AS DECIMAL(38,24)) AS credits,
  -- the gap less credits, of days that are not charged by a settled bill
  CAST(
    coalesce(
      sum(reported.amount - reported.credits - coalesce(own.cost_usd, 0)) FILTER (
        WHERE foreign_days.usage_date IS NULL AND settled.usage_date IS NULL
      ), 0
    ) AS DECIMAL(38,24)
  ) AS estimated_gap,
  CAST(
    coalesce(
      sum(reported.amount - reported.credits - coalesce(own.cost_usd, 0)) FILTER (
        WHERE foreign_days.usage_date IS NOT NULL
      ), 0
    ) AS DECIMAL(38,24)
  ) AS foreign_gap
FROM reported
LEFT JOIN own ON own.usage_date = reported.usage_date
LEFT JOIN settled ON settled.usage_date = reported.usage_date
LEFT JOIN foreign_days ON foreign_days.usage_date = reported.usage_date
GROUP BY reported.currency
ORDER BY reported.currency
