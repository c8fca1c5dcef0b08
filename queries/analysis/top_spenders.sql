-- question: Which keys and users spend most?
-- row: one project, API key and user (NULL: the source does not say), the most expensive first.
-- ties: sum(cost_usd), with `top` large enough, = that of charges over the same days.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- parameter: top BIGINT default 20, how many rows at most
-- engine: duckdb
WITH spenders AS (
  SELECT
    project_id,
    max(project_name) AS project_name,
    api_key_id,
    user_id,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
    min(charge_date) AS first_charge_date,
    max(charge_date) AS last_charge_date
  FROM charges
  WHERE
    charge_date >= $since
    AND charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY project_id, api_key_id, user_id
),

ranked AS (
  SELECT
    project_id,
    project_name,
    api_key_id,
    user_id,
    cost_usd,
    CAST(CAST(cost_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS cost_micro_usd,
    CAST(CAST(sum(cost_usd) OVER by_cost AS DECIMAL(38,6)) * 1000000 AS HUGEINT)
      AS running_micro_usd,
    CAST(CAST(sum(cost_usd) OVER () AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS total_micro_usd,
    unpriced_quantity,
    first_charge_date,
    last_charge_date,
    row_number() OVER by_cost AS place
  FROM spenders
  WINDOW
    by_cost AS (
      ORDER BY
        cost_usd DESC NULLS LAST,
        project_id NULLS LAST,
        api_key_id NULLS LAST,
        user_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
  ranked.project_id,
  ranked.project_name,
  ranked.api_key_id,
  api_keys.name AS api_key_name,
  service_accounts.name AS service_account_name,
  ranked.user_id,
  ranked.cost_usd,
  CAST(ranked.cost_micro_usd * 10000 // nullif(ranked.total_micro_usd, 0) AS BIGINT)
    AS share_basis_points,
  CAST(ranked.running_micro_usd * 10000 // nullif(ranked.total_micro_usd, 0) AS BIGINT)
    AS running_share_basis_points,
  ranked.unpriced_quantity,
  ranked.first_charge_date,
  ranked.last_charge_date
FROM ranked
LEFT JOIN api_keys
  ON ranked.api_key_id = api_keys.api_key_id AND ranked.project_id = api_keys.project_id
LEFT JOIN service_accounts
  ON
    api_keys.service_account_id = service_accounts.service_account_id
    AND api_keys.project_id = service_accounts.project_id
WHERE ranked.place <= $top
ORDER BY ranked.place
