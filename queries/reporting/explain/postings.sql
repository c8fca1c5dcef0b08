-- row: what one run posted to the charges of a cell for one reason, at one price, the newest first;
-- of the newest $postings runs and reasons.
-- engine: duckdb
SELECT
  posted_at, run_id, reason, model, meter, unit, price_id, contracted_unit_price_usd,
  pricing_status,
  count(*) AS lines,
  CAST(sum(quantity) AS DECIMAL(38, 6)) AS quantity,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
FROM charge_postings
WHERE CASE WHEN $is_utc THEN usage_date ELSE charge_date END >= $since_date
  AND CASE WHEN $is_utc THEN usage_date ELSE charge_date END < $until_date
  AND ($project_id IS NULL OR project_id = $project_id)
  AND (NOT $is_without_project OR project_id IS NULL)
  AND ($model IS NULL OR model = $model)
  AND (NOT $is_without_model OR model IS NULL)
  AND ($scope IS NULL OR scope = $scope)
  AND ($api_key_id IS NULL OR api_key_id = $api_key_id)
  AND ($user_id IS NULL OR user_id = $user_id)
  AND ($meter IS NULL OR meter = $meter)
GROUP BY
  posted_at, run_id, reason, model, meter, unit, price_id, contracted_unit_price_usd,
  pricing_status
QUALIFY dense_rank() OVER (ORDER BY posted_at DESC, run_id DESC, reason DESC) <= $postings
ORDER BY
  posted_at DESC, run_id DESC, reason DESC, model, list_position($meters, meter), quantity,
  price_id
