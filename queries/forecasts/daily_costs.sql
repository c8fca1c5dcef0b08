-- row: one day (the organization's), project and model with what it cost, from $since to before
-- $until.
-- takes: lines, a FROM item with charge_date, project_id, model and cost_usd: the small sums by day,
-- or postings; with_requests, whether it has requests too.
-- ties: sum(cost_usd) = that of the lines over the same days.
-- engine: duckdb
SELECT
  charge_date, project_id, model,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38, 24)) AS cost_usd,
  CAST({{ "coalesce(sum(requests), 0)" if with_requests else "0" }} AS BIGINT) AS requests
FROM {{ lines }}
WHERE charge_date >= $since AND charge_date < $until
GROUP BY charge_date, project_id, model
