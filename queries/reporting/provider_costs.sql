-- row: one a currency in which the provider's costs endpoint reported the UTC month.
SELECT
  lower(currency) AS currency,
  CAST(sum(amount) AS DECIMAL(38,24)) AS amount,
  CAST(count(DISTINCT usage_date) AS BIGINT) AS days,
  max(fetched_at) AS fetched_at
FROM provider_costs
WHERE usage_date >= $since AND usage_date < $until
GROUP BY lower(currency)
ORDER BY lower(currency)
