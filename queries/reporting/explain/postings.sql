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
WHERE {% include "reporting/explain/in_cell.sql.j2" %}
  AND ($meter IS NULL OR meter = $meter)
GROUP BY
  posted_at, run_id, reason, model, meter, unit, price_id, contracted_unit_price_usd,
  pricing_status
QUALIFY dense_rank() OVER (ORDER BY posted_at DESC, run_id DESC, reason DESC) <= $postings
ORDER BY
  posted_at DESC, run_id DESC, reason DESC, model, list_position($meters, meter), quantity,
  price_id
