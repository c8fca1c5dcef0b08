-- row: one day of closed months, project, model and scope whose sums a run moved, and by how much.
-- takes: before, after (small sums of the days that moved), $open_from, the first day not closed.
-- engine: duckdb
WITH both_sides AS (
  SELECT
    charge_date, project_id, model, scope, -requests AS requests, -input_tokens AS input_tokens,
    -output_tokens AS output_tokens, -cost_usd AS cost_usd,
    -unpriced_quantity AS unpriced_quantity,
    -coalesce(long_context_doubt_usd, 0) AS long_context_doubt_usd,
    -1 AS lines, CASE WHEN cost_usd IS NULL THEN 0 ELSE -1 END AS priced_lines
  FROM {{ before }}
  WHERE charge_date < $open_from
  UNION ALL
  SELECT
    charge_date, project_id, model, scope, requests, input_tokens, output_tokens, cost_usd,
    unpriced_quantity, coalesce(long_context_doubt_usd, 0),
    1, CASE WHEN cost_usd IS NULL THEN 0 ELSE 1 END
  FROM {{ after }}
  WHERE charge_date < $open_from
)

SELECT
  charge_date, project_id, model, scope,
  CAST(sum(requests) AS BIGINT) AS requests,
  CAST(sum(input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(output_tokens) AS BIGINT) AS output_tokens,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(sum(unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(sum(long_context_doubt_usd) AS DECIMAL(38, 24)) AS long_context_doubt_usd,
  CAST(sum(lines) AS BIGINT) AS lines,
  CAST(sum(priced_lines) AS BIGINT) AS priced_lines
FROM both_sides
GROUP BY charge_date, project_id, model, scope
HAVING
  sum(requests) <> 0 OR sum(input_tokens) <> 0 OR sum(output_tokens) <> 0
  OR coalesce(sum(cost_usd), 0) <> 0 OR sum(unpriced_quantity) <> 0
  OR sum(long_context_doubt_usd) <> 0 OR sum(lines) <> 0 OR sum(priced_lines) <> 0
ORDER BY charge_date, project_id, model, scope
